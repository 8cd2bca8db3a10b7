// SPDX-License-Identifier: Apache-2.0
#include "kernel/device_maps.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <iterator>
#include <map>
#include <string>

#include "abi/device_abi.h"
#include "base/unique_fd.h"

namespace sluice {

namespace {

constexpr int kNotSupported = 524;  // the kernel's ENOTSUPP, which no header of ours knows

std::string why(int error) {
  switch (error) {
    case EPERM:
      return "not permitted (needs CAP_SYS_ADMIN)";
    case ENOMEM:
      return "it has not the memory (too large, or too many with the others)";
    default:
      return std::strerror(error);
  }
}

// Entries of the maps whose size depends on the configuration.
std::map<std::string, uint64_t> entries_for(const Capacity& c) {
  const sluice_shape& s = c.shape;
  return {
      {"vip_moves", 2ull * s.vips / SLUICE_BUCKET},
      {"vips", 2ull * s.vips},
      {"service_moves", 2ull * s.services / SLUICE_BUCKET},
      {"services", 2ull * s.services},
      {"range_services", 2ull * s.range_services},
      {"port_entries", 2ull * s.port_pages * SLUICE_PORTS_IN_PAGE},
      {"positions", 2ull * s.positions},
      {"rings", uint64_t(c.rings) * s.ring_slots},
      {"members", 2ull * c.members},
      {"member_stats", c.members},
  };
}

Result<void> create_map(bpf_map* map, uint64_t entries, uint32_t ifindex) {
  const uint32_t value_size = bpf_map__value_size(map);
  const auto refused = [&](int error) {
    return Error{fmt::format("the device takes no array of {} entries of {} bytes ({}): {}",
                             entries, value_size, bpf_map__name(map), why(error))};
  };
  if (entries > UINT32_MAX) return refused(E2BIG);
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_ifindex = ifindex);
  UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, bpf_map__name(map), sizeof(uint32_t), value_size,
                             uint32_t(entries), &options));
  if (!fd.valid()) return refused(errno);
  if (int r = bpf_map__reuse_fd(map, fd.get()); r < 0)
    return errno_error(std::string("use the map ") + bpf_map__name(map), r);
  return {};
}

}  // namespace

Result<void> probe_device(uint32_t ifindex) {
  const bpf_insn pass[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT},
  };
  LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_ifindex = ifindex);
  const UniqueFd fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "sluice_probe", "Dual BSD/GPL", pass,
                                  std::size(pass), &options));
  if (fd.valid()) return {};
  return Error{"the driver takes no BPF programs onto the device: " + why(errno)};
}

Result<void> create_device_maps(bpf_object* object, const Capacity& capacity, uint32_t ifindex) {
  const std::map<std::string, uint64_t> entries = entries_for(capacity);
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    const auto sized = entries.find(bpf_map__name(map));
    const uint64_t n = sized == entries.end() ? bpf_map__max_entries(map) : sized->second;
    if (Result<void> r = create_map(map, n, ifindex); !r) return r;
  }
  return {};
}

Result<void> write_entries(int map, std::span<const uint32_t> indices, const void* values,
                           size_t value_size) {
  if (indices.empty()) return {};
  LIBBPF_OPTS(bpf_map_batch_opts, options);
  uint32_t count = uint32_t(indices.size());
  if (bpf_map_update_batch(map, indices.data(), values, &count, &options) == 0) return {};
  if (errno != kNotSupported && errno != EOPNOTSUPP)
    return errno_error(fmt::format("write {} entries", indices.size()));
  const uint8_t* value = static_cast<const uint8_t*>(values);
  for (const uint32_t& index : indices) {
    if (bpf_map_update_elem(map, &index, value, BPF_ANY) != 0)
      return errno_error(fmt::format("write entry {}", index));
    value += value_size;
  }
  return {};
}

}  // namespace sluice
