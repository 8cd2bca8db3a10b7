// SPDX-License-Identifier: Apache-2.0
#include "kernel/device_dataplane.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>

#include "abi/device_abi.h"
#include "base/log.h"
#include "kernel/device_maps.h"
#include "kernel/load_log.h"
#include "sluice_offload.skel.h"

namespace sluice {

namespace {

// Nobody tells when the last packet that saw a generation has left a device; it takes microseconds.
constexpr std::chrono::milliseconds kLastPacket(10);

// One of the arrays in the bytes of a generation: a table of its own in the device.
struct Part {
  const char* table;
  size_t at;
  uint32_t entries;
  size_t size;  // of an entry
};

std::vector<Part> parts_of(const sluice_shape& s) {
  return {
      {"generations", 0, 1, SLUICE_GENERATION_HEAD},
      {"macs", offsetof(sluice_generation, mac), SLUICE_MAX_MACS, sizeof(uint64_t)},
      {"sources", offsetof(sluice_generation, source), SLUICE_MAX_SOURCES, sizeof(sluice_addr)},
      {"source_masks", offsetof(sluice_generation, source_mask), SLUICE_MAX_SOURCES,
       sizeof(uint32_t)},
      {"vip_moves", sluice_vip_displacements_at(s), s.vips / SLUICE_BUCKET, sizeof(uint32_t)},
      {"vips", sluice_vips_at(s), s.vips, sizeof(sluice_vip)},
      {"service_moves", sluice_service_displacements_at(), s.services / SLUICE_BUCKET,
       sizeof(uint32_t)},
      {"services", sluice_services_at(s), s.services, sizeof(sluice_service)},
      {"range_services", sluice_range_services_at(s), s.range_services, sizeof(sluice_service)},
      {"port_entries", sluice_port_pages_at(s), s.port_pages * SLUICE_PORTS_IN_PAGE,
       sizeof(uint16_t)},
      {"positions", sluice_positions_at(s), s.positions, sizeof(uint32_t)},
  };
}

// Writes what differs from `old`; everything if that is not known.
Result<void> write_part(int map, const Part& part, const GenerationBytes& bytes,
                        const GenerationBytes& old, uint64_t number) {
  std::vector<uint32_t> indices;
  std::vector<uint8_t> values;
  for (uint32_t i = 0; i < part.entries; i++) {
    const uint8_t* value = bytes.data() + part.at + i * part.size;
    if (!old.empty() && std::memcmp(value, old.data() + part.at + i * part.size, part.size) == 0)
      continue;
    indices.push_back(sluice_device_index(i, number));
    values.insert(values.end(), value, value + part.size);
  }
  return write_entries(map, indices, values.data(), part.size);
}

Result<void> write_one(int map, uint32_t index, const void* value, const char* what) {
  if (bpf_map_update_elem(map, &index, value, BPF_ANY) != 0) return errno_error(what);
  return {};
}

template <size_t N>
Result<void> read_reasons(int map, const char* what, std::array<uint64_t, N>& out) {
  for (uint32_t i = 0; i < N; i++)
    if (bpf_map_lookup_elem(map, &i, &out[i]) != 0)
      return errno_error(fmt::format("read counter {} of {}", i, what));
  return {};
}

Result<SkeletonPtr<sluice_offload>> load_program(const Device& device, const Capacity& capacity) {
  LoadLog log;
  SkeletonPtr<sluice_offload> s(sluice_offload::open());
  if (!s) return errno_error("open the embedded BPF object");
  if (Result<void> r = create_device_maps(s->obj, capacity, device.ifindex); !r) return r.error();
  bpf_program__set_ifindex(s->progs.sluice_ingress, device.ifindex);
  if (int r = sluice_offload::load(s.get()); r < 0)
    return Error{errno_error("the device does not take this program", r).message + log.tail()};
  return s;
}

}  // namespace

Result<std::unique_ptr<DeviceDataplane>> DeviceDataplane::load(const Device& device,
                                                               const Capacity& capacity,
                                                               const sluice_hash_key& key) {
  const auto refused = [&](const Error& e) {
    return Error{fmt::format("{}: offload: {}", device.name, e.message)};
  };
  if (device.ifindex != 0)
    if (Result<void> r = probe_device(device.ifindex); !r) return refused(r.error());
  Result<SkeletonPtr<sluice_offload>> loaded = load_program(device, capacity);
  if (!loaded) return refused(loaded.error());
  const sluice_device_settings settings = {.key = key,
                                           .vips = capacity.shape.vips,
                                           .services = capacity.shape.services,
                                           .ring_slots = capacity.shape.ring_slots,
                                           .pad = 0};
  if (Result<void> r = write_one(bpf_map__fd((*loaded)->maps.settings), 0, &settings,
                                 "write the device's settings");
      !r)
    return refused(r.error());
  return std::unique_ptr<DeviceDataplane>(
      new DeviceDataplane(device, capacity, std::move(*loaded)));
}

DeviceDataplane::DeviceDataplane(Device device, const Capacity& capacity,
                                 SkeletonPtr<sluice_offload> loaded)
    : device_(std::move(device)),
      capacity_(capacity),
      loaded_(std::move(loaded)),
      members_(capacity.members) {
}

DeviceDataplane::~DeviceDataplane() = default;

int DeviceDataplane::program_fd() const {
  return bpf_program__fd(loaded_->progs.sluice_ingress);
}

int DeviceDataplane::map_fd(const char* name) const {
  const int fd = bpf_object__find_map_fd_by_name(loaded_->obj, name);
  if (fd < 0) std::abort();
  return fd;
}

// The first entry is written whole; all of it is as it was but for the MAC.
void DeviceDataplane::patch_mac(const PatchMac& patch) {
  sluice_member& member = members_[patch.index];
  member.head[0] = patch.mac_word;
  const Result<void> r = write_one(map_fd("members"), 2 * patch.index, &member, "write a next hop");
  if (!r) spdlog::error("{}: member {}: {}", device_.name, patch.index, r.error().message);
}

// Nothing reads a member before a generation names it. Its counters start at zero.
Result<void> DeviceDataplane::put_member(const PutMember& put) {
  if (put.index >= capacity_.members)
    return Error{fmt::format("member {} is beyond the table", put.index)};
  if (put.value.flags & SLUICE_MEMBER_UDP_CSUM)
    return Error{"a device has no helper for the checksum that a member wants"};
  const uint32_t entries[] = {2 * put.index, 2 * put.index + 1};
  Result<void> r = write_entries(map_fd("members"), entries, &put.value, SLUICE_DEVICE_VALUE);
  if (!r) return r;
  members_[put.index] = put.value;
  const sluice_counter zero = {};
  return write_one(map_fd("member_stats"), put.index, &zero, "clear a member's counters");
}

// Nothing in a device asks: it remembers no flows.
void DeviceDataplane::patch_life(const PatchLife&) {
}

Result<void> DeviceDataplane::put_members(std::span<const PutMember> members) {
  for (const PutMember& put : members)
    if (Result<void> r = put_member(put); !r) return r;
  return {};
}

Result<void> DeviceDataplane::put_rings(std::span<const PutRing> rings) {
  const uint32_t slots = capacity_.shape.ring_slots;
  for (const PutRing& put : rings) {
    if (put.ring->size() != slots || put.number >= capacity_.rings)
      return Error{fmt::format("ring {} of {} slots has no place among {} rings of {}", put.number,
                               put.ring->size(), capacity_.rings, slots)};
    std::vector<uint32_t> indices(slots);
    std::iota(indices.begin(), indices.end(), put.number * slots);
    Result<void> r =
        write_entries(map_fd("rings"), indices, put.ring->data(), sizeof(put.ring->front()));
    if (!r) return r;
  }
  return {};
}

Result<void> DeviceDataplane::put_prefixes(std::span<const PutPrefixes> tables) {
  if (tables.empty()) return {};
  return Error{"a device has no tables of prefixes"};
}

Result<void> DeviceDataplane::swap_generation(const GenerationBytes& bytes) {
  sluice_generation header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const uint32_t turn = sluice_turn(header.number);
  const GenerationBytes old = std::exchange(generations_[turn], {});
  for (const Part& part : parts_of(capacity_.shape))
    if (Result<void> r = write_part(map_fd(part.table), part, bytes, old, header.number); !r)
      return r;
  generations_[turn] = bytes;
  if (Result<void> r = write_one(map_fd("turn"), 0, &turn, "swap the generation in"); !r) return r;
  std::this_thread::sleep_for(kLastPacket);
  return {};
}

Result<Counters> DeviceDataplane::counters(uint32_t members) const {
  Counters c;
  if (Result<void> r = read_reasons(map_fd("drops"), "drops", c.drops); !r) return r.error();
  if (Result<void> r = read_reasons(map_fd("passes"), "passes", c.passes); !r) return r.error();
  if (Result<void> r = read_reasons(map_fd("replies"), "replies", c.replies); !r) return r.error();
  c.members.resize(members);
  for (uint32_t i = 0; i < members; i++)
    if (bpf_map_lookup_elem(map_fd("member_stats"), &i, &c.members[i]) != 0)
      return errno_error(fmt::format("read the counters of member {}", i));
  return c;
}

}  // namespace sluice
