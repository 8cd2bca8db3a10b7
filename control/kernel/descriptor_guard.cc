// SPDX-License-Identifier: Apache-2.0
#include "kernel/descriptor_guard.h"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

namespace {

bool is_bpf_object(int fd) {
  std::array<char, 64> target;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  const std::string_view what(target.data(), size < 0 ? 0 : size_t(size));
  return what.starts_with("anon_inode:bpf") || what.starts_with("anon_inode:btf");
}

std::set<int> open_bpf_objects() {
  std::set<int> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc/self/fd"), &::closedir);
  if (!dir) return out;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    int fd = -1;
    if (std::from_chars(name.data(), name.data() + name.size(), fd).ec == std::errc() &&
        is_bpf_object(fd))
      out.insert(fd);
  }
  return out;
}

}  // namespace

DescriptorGuard::DescriptorGuard() : known_(open_bpf_objects()) {
}

DescriptorGuard::~DescriptorGuard() {
  for (const int fd : open_bpf_objects())
    if (!known_.contains(fd)) ::close(fd);
}

}  // namespace sluice
