// SPDX-License-Identifier: Apache-2.0
// Owns a libbpf skeleton: opened and loaded once, destroyed always.
#pragma once

#include <fcntl.h>

#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice {

// Of a map or program that is to outlive its skeleton.
inline Result<UniqueFd> copy_of(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return errno_error("keep a descriptor");
  return copy;
}

template <class Skel>
struct DestroySkeleton {
  void operator()(Skel* s) const noexcept { Skel::destroy(s); }
};

template <class Skel>
using SkeletonPtr = std::unique_ptr<Skel, DestroySkeleton<Skel>>;

}  // namespace sluice
