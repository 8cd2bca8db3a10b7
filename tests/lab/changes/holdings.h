// SPDX-License-Identifier: Apache-2.0
// What a process holds, and would hold more and more of if it leaked.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "base/result.h"

namespace sluice::netns {

struct Holdings {
  size_t descriptors = 0;
  // By their ids: those of its descriptors, and maps of its programs and within maps as well.
  std::set<uint32_t> maps, programs;
  size_t resident_kib = 0;

  std::string text() const;
};

Result<Holdings> holdings_of(pid_t process);

}  // namespace sluice::netns
