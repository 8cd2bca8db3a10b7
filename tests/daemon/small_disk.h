// SPDX-License-Identifier: Apache-2.0
// A file system of 64 KiB that can be filled up and made read-only; it goes with the object.
#pragma once

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace sluice {

class SmallDisk {
 public:
  // `folder` is there.
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {
    if (::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=64k") == 0) return;
    why_not_ = std::string("cannot mount a tmpfs: ") + std::strerror(errno);
  }
  ~SmallDisk() {
    if (why_not_.empty()) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // Why there is none (it wants root); empty: there is.
  const std::string& why_not() const { return why_not_; }
  // False if somebody has a file open to write to it.
  bool make_read_only() const {
    return ::mount("", folder_.c_str(), "", MS_REMOUNT | MS_RDONLY, "") == 0;
  }

 private:
  std::string folder_, why_not_;
};

}  // namespace sluice
