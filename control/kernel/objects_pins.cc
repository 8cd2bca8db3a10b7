// SPDX-License-Identifier: Apache-2.0
// Objects as names on a BPF file system: one for each map, one for each program.
#include <bpf/bpf.h>
#include <stdio.h>

#include <cstdlib>

#include "kernel/layout.h"
#include "kernel/objects.h"
#include "kernel/pin.h"

namespace sluice {

namespace {

constexpr std::array kHooks = {Hook::kXdp, Hook::kTc};

std::string pin_of(const std::string& directory, Hook hook) {
  return directory + (hook == Hook::kXdp ? "/program-xdp" : "/program-tc");
}

Result<void> pin_as(int fd, const std::string& path) {
  if (bpf_obj_pin(fd, path.c_str()) != 0) return errno_error("pin as " + path);
  return {};
}

// That it is the map of this build under that name, whatever size it was given.
Result<void> check_kind(const std::string& name, int fd) {
  bpf_map_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return errno_error("look at the map " + name);
  if (MapKind{info.type, info.key_size, info.value_size} == our_layout().maps.at(name)) return {};
  return Error{"what is pinned as " + name + " is not the map of that name"};
}

}  // namespace

int Objects::map_fd(const std::string& name) const {
  const auto it = maps_.find(name);
  if (it == maps_.end()) std::abort();
  return it->second.get();
}

Result<PinnedPrograms> open_programs(const std::string& directory) {
  PinnedPrograms out;
  for (const Hook hook : kHooks) {
    Result<std::optional<UniqueFd>> program = open_pin(pin_of(directory, hook));
    if (!program) return program.error();
    if (*program) out.fds[size_t(hook)] = std::move(**program);
  }
  return out;
}

Result<void> Objects::open_maps(const std::string& directory,
                                const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Result<std::optional<UniqueFd>> map = open_pin(directory + "/" + name);
    if (!map) return map.error();
    if (!*map) return Error{directory + " lacks the map " + name};
    if (Result<void> r = check_kind(name, (*map)->get()); !r) return r;
    maps_.emplace(name, std::move(**map));
  }
  return {};
}

Result<Objects> Objects::open_flows(const std::string& directory) {
  Objects out;
  if (Result<void> r = out.open_maps(directory, {kFlowMaps.begin(), kFlowMaps.end()}); !r)
    return r.error();
  return out;
}

Result<Objects> Objects::open(const std::string& directory) {
  Objects out;
  std::vector<std::string> names;
  for (const auto& [name, kind] : our_layout().maps) names.push_back(name);
  if (Result<void> r = out.open_maps(directory, names); !r) return r.error();
  Result<PinnedPrograms> programs = open_programs(directory);
  if (!programs) return programs.error();
  out.programs_ = std::move(programs->fds);
  if (out.program_fd(Hook::kXdp) < 0 && out.program_fd(Hook::kTc) < 0)
    return Error{directory + " has no program"};
  return out;
}

Result<void> Objects::pin(const std::string& directory) const {
  for (const auto& [name, fd] : maps_)
    if (Result<void> r = pin_as(fd.get(), directory + "/" + name); !r) return r;
  for (const Hook hook : kHooks)
    if (program_fd(hook) >= 0)
      if (Result<void> r = pin_as(program_fd(hook), pin_of(directory, hook)); !r) return r;
  return {};
}

Result<void> Objects::repin_programs(const std::string& directory) const {
  for (const Hook hook : kHooks) {
    const std::string path = pin_of(directory, hook);
    if (program_fd(hook) < 0) {
      if (Result<void> r = unpin(path); !r) return r;
    } else if (Result<void> r = pin_instead(program_fd(hook), path); !r) {
      return r;
    }
  }
  return {};
}

}  // namespace sluice
