// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of a loaded program.
#pragma once

#include <bpf/bpf.h>

#include <cstdint>
#include <set>
#include <string>

#include "base/result.h"

namespace sluice {

inline Result<bpf_prog_info> info_of_program(int fd) {
  bpf_prog_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return errno_error("look at a program");
  return info;
}

// As much of it as the kernel keeps.
inline Result<std::string> name_of_program(int fd) {
  const Result<bpf_prog_info> info = info_of_program(fd);
  if (!info) return info.error();
  return std::string(info->name);
}

// The ids of the maps it uses, its constants among them.
Result<std::set<uint32_t>> maps_of_program(int fd);

}  // namespace sluice
