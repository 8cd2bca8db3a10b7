// SPDX-License-Identifier: Apache-2.0
#include "kernel/pins.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <charconv>

#include "kernel/pin.h"

namespace sluice {

namespace {

constexpr std::string_view kTables = "tables-";
constexpr char kUnfinished[] = "unfinished";

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
  return list_names(directory_);
}

Result<void> Pins::remove(const std::string& name) const {
  if (::unlink(path(name).c_str()) != 0) return errno_error("remove the pin " + path(name));
  return {};
}

Result<std::vector<uint32_t>> Pins::tables() const {
  const Result<std::vector<std::string>> names = list();
  if (!names) return names.error();
  std::vector<uint32_t> out;
  for (const std::string& name : *names) {
    if (!name.starts_with(kTables)) continue;
    uint32_t number = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kTables.size(), end, number);
    if (error == std::errc() && stop == end) out.push_back(number);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string Pins::tables_path(uint32_t number) const {
  return path(std::string(kTables) + std::to_string(number));
}

Result<std::string> Pins::make_tables() const {
  const std::string directory = path(kUnfinished);
  if (Result<void> r = remove_tree(directory); !r) return r.error();
  if (Result<void> r = make_directory(directory); !r) return r.error();
  return directory;
}

Result<void> Pins::finish_tables(uint32_t number) const {
  if (::rename(path(kUnfinished).c_str(), tables_path(number).c_str()) != 0)
    return errno_error("put the pins " + tables_path(number) + " in place");
  return {};
}

Result<void> Pins::remove_tables(uint32_t number) const {
  return remove_tree(tables_path(number));
}

Result<void> Pins::remove_unfinished() const {
  return remove_tree(path(kUnfinished));
}

Result<void> Pins::remove_directory() const {
  if (::rmdir(directory_.c_str()) != 0) return errno_error("remove directory " + directory_);
  // Other instances may be beside ours; the last one out removes what they shared.
  ::rmdir(directory_.substr(0, directory_.rfind('/')).c_str());
  return {};
}

}  // namespace sluice
