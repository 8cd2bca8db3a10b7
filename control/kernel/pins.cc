// SPDX-License-Identifier: Apache-2.0
#include "kernel/pins.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <charconv>

#include "kernel/pin.h"

namespace sluice {

namespace {

constexpr std::string_view kTables = "tables-";
constexpr char kUnfinished[] = "unfinished";

// The root of a BPF file system is everybody's, unless it was mounted otherwise: what is there
// already may be somebody's trap.
Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return errno_error("make directory " + path);
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0) return errno_error("look at " + path);
  const bool is_safe = S_ISDIR(info.st_mode) && !(info.st_mode & (S_IWGRP | S_IWOTH)) &&
                       (info.st_uid == 0 || info.st_uid == ::geteuid());
  if (is_safe) return {};
  return Error{fmt::format(
      "{} belongs to user {} and has mode {:o}: others than sluiced can change what is pinned "
      "there. Move it away, or, if you trust what is in it: chown {} {} && chmod 700 {}",
      path, info.st_uid, info.st_mode & 07777, ::geteuid(), path, path)};
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

Pins::~Pins() {
  if (lock_.valid()) (void)remove_directory();  // refused where anything is pinned
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
  if (::rmdir(directory_.c_str()) != 0) {
    const Error error = errno_error("remove directory " + directory_);
    const Result<std::vector<std::string>> left = list();
    if (error.code != ENOTEMPTY || !left) return error;
    return Error{fmt::format("{} stays: sluice has not pinned {}, which is in it", directory_,
                             fmt::join(*left, ", "))};
  }
  // Other instances may be beside ours; the last one out removes what they shared.
  ::rmdir(directory_.substr(0, directory_.rfind('/')).c_str());
  return {};
}

}  // namespace sluice
