// SPDX-License-Identifier: Apache-2.0
#include "kernel/pin.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace sluice {

Result<std::optional<UniqueFd>> open_pin(const std::string& path) {
  UniqueFd fd(bpf_obj_get(path.c_str()));
  if (fd.valid()) return std::optional<UniqueFd>(std::move(fd));
  if (errno == ENOENT) return std::optional<UniqueFd>();
  const Error error = errno_error("open the pin " + path);
  struct stat info;
  if (::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    return Error{path + " is a directory, and nothing that is pinned"};
  return error;
}

bool is_link(int fd) {
  char name[64] = {};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t n = ::readlink(path.c_str(), name, sizeof(name));
  const std::string_view kind(name, size_t(std::max<ssize_t>(n, 0)));
  // The first of who made it, the second of who has opened its pin.
  return kind == "anon_inode:bpf_link" || kind == "anon_inode:bpf-link";
}

Result<void> pin_instead(int fd, const std::string& path) {
  const std::string fresh = path + "-new";
  if (Result<void> r = unpin(fresh); !r) return r;
  if (bpf_obj_pin(fd, fresh.c_str()) != 0) return errno_error("pin as " + fresh);
  if (::rename(fresh.c_str(), path.c_str()) == 0) return {};
  const Error e = errno_error("put the pin " + path + " in place");
  (void)unpin(fresh);
  return e;
}

Result<void> unpin(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove the pin " + path);
  return {};
}

Result<std::vector<std::string>> list_names(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), &::closedir);
  if (!dir) return errno_error("list " + directory);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get()))
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> remove_tree(const std::string& directory) {
  struct stat info;
  if (::lstat(directory.c_str(), &info) != 0)
    return errno == ENOENT ? Result<void>() : errno_error("look at " + directory);
  if (!S_ISDIR(info.st_mode)) return unpin(directory);
  const Result<std::vector<std::string>> names = list_names(directory);
  if (!names) return names.error();
  for (const std::string& name : *names)
    if (Result<void> r = remove_tree(directory + "/" + name); !r) return r;
  if (::rmdir(directory.c_str()) != 0) return errno_error("remove directory " + directory);
  return {};
}

}  // namespace sluice
