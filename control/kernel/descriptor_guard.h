// SPDX-License-Identifier: Apache-2.0
// Closes what somebody else's code has opened and forgotten.
#pragma once

#include <set>

namespace sluice {

// At its end, closes every descriptor of a BPF object (program, map, link, type information) that
// was opened in its life, is still open, and was not kept. What is opened elsewhere meanwhile, by
// another thread, must not be one. So whoever owns such descriptors in its life must be gone before
// it.
class DescriptorGuard {
 public:
  DescriptorGuard();
  ~DescriptorGuard();
  DescriptorGuard(const DescriptorGuard&) = delete;
  DescriptorGuard& operator=(const DescriptorGuard&) = delete;

  void keep(int fd) { known_.insert(fd); }

 private:
  std::set<int> known_;
};

}  // namespace sluice
