// SPDX-License-Identifier: Apache-2.0
#include "kernel/pins.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <memory>

namespace sluice {

namespace {

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return errno_error("make directory " + path);
}

}  // namespace

Result<Pins> Pins::open(const std::string& bpffs, const std::string& instance) {
  struct statfs fs;
  if (::statfs(bpffs.c_str(), &fs) != 0) return errno_error("look at " + bpffs);
  if (uint32_t(fs.f_type) != uint32_t(BPF_FS_MAGIC))
    return Error{bpffs + " is not a BPF file system; mount one: mount -t bpf bpf " + bpffs};
  const std::string directory = bpffs + "/sluice/" + instance;
  if (Result<void> r = make_directory(bpffs + "/sluice"); !r) return r.error();
  if (Result<void> r = make_directory(directory); !r) return r.error();

  UniqueFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock.valid()) return errno_error("open " + directory);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_error("lock " + directory);
    return Error{"another sluiced runs instance \"" + instance + "\" (it holds " + directory + ")"};
  }
  return Pins(directory, std::move(lock));
}

Result<std::vector<std::string>> Pins::list() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory_.c_str()), &::closedir);
  if (!dir) return errno_error("list " + directory_);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get()))
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> Pins::remove(const std::string& name) const {
  if (::unlink(path(name).c_str()) != 0) return errno_error("remove the pin " + path(name));
  return {};
}

Result<void> Pins::remove_directory() const {
  if (::rmdir(directory_.c_str()) != 0) return errno_error("remove directory " + directory_);
  // Other instances may be beside ours; the last one out removes what they shared.
  ::rmdir(directory_.substr(0, directory_.rfind('/')).c_str());
  return {};
}

}  // namespace sluice
