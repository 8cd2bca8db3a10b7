// SPDX-License-Identifier: Apache-2.0
#include "lab/changes/holdings.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;

// The number behind `key` in a file of /proc; 0 where there is none.
size_t number_in(const std::string& file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key)) return std::stoul(line.substr(key.size()));
  return 0;
}

// An outer map's values are the ids of the inner ones.
void add_inner_maps(uint32_t id, Holdings& held) {
  const UniqueFd fd(bpf_map_get_fd_by_id(id));
  bpf_map_info info = {};
  uint32_t size = sizeof(info);
  if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) return;
  if (info.type != BPF_MAP_TYPE_ARRAY_OF_MAPS) return;
  for (uint32_t key = 0; key < info.max_entries; key++)
    if (uint32_t inner = 0; bpf_map_lookup_elem(fd.get(), &key, &inner) == 0)
      held.maps.insert(inner);
}

void add_maps_of_program(uint32_t id, Holdings& held) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  std::vector<uint32_t> ids(64);  // more than a program of ours has
  bpf_prog_info info = {};
  info.nr_map_ids = uint32_t(ids.size());
  info.map_ids = reinterpret_cast<uintptr_t>(ids.data());
  uint32_t size = sizeof(info);
  if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) return;
  held.maps.insert(ids.begin(), ids.begin() + std::min<size_t>(info.nr_map_ids, ids.size()));
}

}  // namespace

std::string Holdings::text() const {
  return fmt::format("{} descriptors, {} maps, {} programs, {} KiB resident", descriptors,
                     maps.size(), programs.size(), resident_kib);
}

Result<Holdings> holdings_of(pid_t process) {
  const std::string proc = fmt::format("/proc/{}", process);
  std::error_code failed;
  Holdings held;
  for (const fs::directory_entry& fd : fs::directory_iterator(proc + "/fd", failed)) {
    held.descriptors++;
    const std::string info = proc + "/fdinfo/" + fd.path().filename().string();
    if (const size_t id = number_in(info, "map_id:")) held.maps.insert(uint32_t(id));
    if (const size_t id = number_in(info, "prog_id:")) held.programs.insert(uint32_t(id));
  }
  if (failed) return Error{"list " + proc + "/fd: " + failed.message()};
  for (const uint32_t id : held.programs) add_maps_of_program(id, held);
  for (const uint32_t id : std::set<uint32_t>(held.maps)) add_inner_maps(id, held);
  held.resident_kib = number_in(proc + "/status", "VmRSS:");
  return held;
}

}  // namespace sluice::netns
