// SPDX-License-Identifier: Apache-2.0
#include "cli/pins.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/unique_fd.h"

namespace sluice::cli {

namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

// One word, so that no spelling of it leads out of the folder of instances.
bool is_instance_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

Result<UniqueFd> open_folder(int parent, const std::string& name, const std::string& path) {
  UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return errno_error("open " + path);
  struct statfs info;
  if (::fstatfs(fd.get(), &info) < 0) return errno_error("statfs " + path);
  if (info.f_type != BPF_FS_MAGIC)
    return Error{"remove " + path + ": it is not on a BPF file system"};
  return fd;
}

Result<std::vector<std::string>> names_in(int folder, const std::string& path) {
  UniqueFd copy(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return errno_error("read " + path);
  const Dir dir(::fdopendir(copy.get()));
  if (!dir) return errno_error("read " + path);
  (void)copy.release();    // the stream's now
  ::rewinddir(dir.get());  // the copy stands where the folder was read to the last time
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return errno_error("read " + path);
  std::ranges::sort(names);
  return names;
}

// Empties the folder, adding to `removed` what it took away, also when it fails half way.
Result<void> empty_folder(int folder, const std::string& path, std::vector<std::string>& removed) {
  const Result<std::vector<std::string>> names = names_in(folder, path);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const std::string entry = path + "/" + name;
    struct stat info;
    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0)
      return errno_error("look at " + entry);
    if (S_ISDIR(info.st_mode)) {
      Result<UniqueFd> inner = open_folder(folder, name, entry);
      if (!inner) return inner.error();
      if (Result<void> done = empty_folder(inner->get(), entry, removed); !done) return done;
    }
    if (::unlinkat(folder, name.c_str(), S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0) < 0)
      return errno_error("remove " + entry);
    removed.push_back(entry);
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> remove_pins(
    const std::string& bpffs, const std::string& instance,
    const std::function<Result<void>(const std::string&)>& detach) {
  if (!is_instance_name(instance))
    return Error{"remove the pins of instance \"" + instance + "\": not an instance's name"};
  const std::string parent = bpffs + "/sluice";
  const std::string path = parent + "/" + instance;
  std::vector<std::string> removed;

  struct stat info;
  if (::lstat(path.c_str(), &info) < 0) {
    if (errno == ENOENT) return removed;
    return errno_error("look at " + path);
  }
  Result<UniqueFd> folder = open_folder(AT_FDCWD, path, path);
  if (!folder) return folder.error();
  if (::flock(folder->get(), LOCK_EX | LOCK_NB) < 0)
    return Error{"remove " + path + ": a running sluiced holds it (say where with --socket)"};
  const Result<std::vector<std::string>> names = names_in(folder->get(), path);
  if (!names) return names.error();
  if (detach)
    for (const std::string& name : *names)
      if (Result<void> done = detach(path + "/" + name); !done) return done.error();
  if (Result<void> done = empty_folder(folder->get(), path, removed); !done)
    return Error{fmt::format("{} (after {} removals)", done.error().message, removed.size())};
  if (::rmdir(path.c_str()) < 0) return errno_error("remove " + path);
  removed.push_back(path);
  ::rmdir(parent.c_str());  // stays if another instance is in it
  return removed;
}

}  // namespace sluice::cli
