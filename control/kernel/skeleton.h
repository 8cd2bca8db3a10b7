// SPDX-License-Identifier: Apache-2.0
// Owns a libbpf skeleton: opened and loaded once, destroyed always.
#pragma once

#include <memory>

namespace sluice {

template <class Skel>
struct DestroySkeleton {
  void operator()(Skel* s) const noexcept { Skel::destroy(s); }
};

template <class Skel>
using SkeletonPtr = std::unique_ptr<Skel, DestroySkeleton<Skel>>;

}  // namespace sluice
