// SPDX-License-Identifier: Apache-2.0
#include "kernel/program_info.h"

#include <vector>

namespace sluice {

Result<std::set<uint32_t>> maps_of_program(int fd) {
  const Result<bpf_prog_info> counted = info_of_program(fd);
  if (!counted) return counted.error();
  std::vector<uint32_t> ids(counted->nr_map_ids);
  bpf_prog_info info = {};
  info.nr_map_ids = uint32_t(ids.size());
  info.map_ids = reinterpret_cast<uintptr_t>(ids.data());
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
    return errno_error("ask which maps a program uses");
  return std::set<uint32_t>(ids.begin(), ids.end());
}

}  // namespace sluice
