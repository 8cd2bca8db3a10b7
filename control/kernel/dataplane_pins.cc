// SPDX-License-Identifier: Apache-2.0
// A data plane that outlives its daemon: pinned by one, opened by the next.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cstring>

#include "kernel/dataplane.h"

namespace sluice {

namespace {

Result<bpf_map_info> info_of(int fd) {
  bpf_map_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return errno_error("look at a map");
  return info;
}

Result<void> check_size(const Objects& objects, const char* map, uint32_t entries) {
  const Result<bpf_map_info> info = info_of(objects.map_fd(map));
  if (!info) return info.error();
  if (info->max_entries == entries) return {};
  return Error{
      fmt::format("the map {} has {} entries, and not {}", map, info->max_entries, entries)};
}

}  // namespace

Result<std::unique_ptr<Dataplane>> Dataplane::open(const std::string& directory,
                                                   const Capacity& capacity) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_error("count the possible CPUs", cpus);
  Result<Objects> objects = Objects::open(directory);
  if (!objects) return objects.error();
  for (const auto& [map, entries] :
       {std::pair{"members", capacity.members}, std::pair{"member_stats", capacity.members},
        std::pair{"rings", capacity.rings}})
    if (Result<void> r = check_size(*objects, map, entries); !r) return r.error();
  Result<Mapping> members =
      Mapping::of_map(objects->map_fd("members"), size_t(capacity.members) * sizeof(sluice_member));
  if (!members) return members.error();
  Result<FlowTables> flows = FlowTables::open(*objects);
  if (!flows) return flows.error();
  std::unique_ptr<Dataplane> d(new Dataplane(capacity, std::move(*objects), std::move(*members),
                                             std::move(*flows), size_t(cpus)));
  d->pins_ = TablePins(directory);
  return d;
}

Result<void> Dataplane::pin(const std::string& directory) {
  if (Result<void> r = objects_.pin(directory); !r) return r;
  pins_ = TablePins(directory);
  return {};
}

Result<void> Dataplane::take_programs(Objects objects) {
  Result<FlowTables> flows = FlowTables::open(objects);
  if (!flows) return flows.error();
  if (!pins_.directory().empty())
    if (Result<void> r = objects.repin_programs(pins_.directory()); !r) return r;
  objects_ = std::move(objects);
  flows_ = std::move(*flows);
  return {};
}

// The one whose id the map of maps has.
Result<GenerationBytes> Dataplane::generation() const {
  const uint32_t zero = 0;
  uint32_t in_force = 0;
  if (bpf_map_lookup_elem(generation_fd(), &zero, &in_force) != 0)
    return errno_error("ask for the generation in force");
  const Result<std::set<uint64_t>> numbers = pins_.numbers("generation");
  if (!numbers) return numbers.error();
  for (uint64_t number : *numbers) {
    const Result<std::optional<UniqueFd>> table = pins_.open("generation", number);
    if (!table) return table.error();
    if (!*table) continue;
    const Result<bpf_map_info> info = info_of((*table)->get());
    if (!info) return info.error();
    if (info->id != in_force) continue;
    GenerationBytes bytes(info->value_size);
    if (bpf_map_lookup_elem((*table)->get(), &zero, bytes.data()) != 0)
      return errno_error("read the generation in force");
    return bytes;
  }
  return Error{"the generation in force is not pinned"};
}

Result<Ring> Dataplane::ring(uint32_t number) const {
  const Result<std::optional<UniqueFd>> map = pins_.open("ring", number);
  if (!map) return map.error();
  if (!*map) return Error{fmt::format("ring {} is not pinned", number)};
  const Result<bpf_map_info> info = info_of((*map)->get());
  if (!info) return info.error();
  const uint32_t size = sluice_ring_size(capacity_.shape.ring_slots);
  if (info->value_size != size) return Error{fmt::format("ring {} has another size", number)};
  const Result<Mapping> slots = Mapping::of_map((*map)->get(), size);
  if (!slots) return slots.error();
  Ring ring(capacity_.shape.ring_slots);
  std::memcpy(ring.data(), slots->data(), ring.size() * sizeof(ring[0]));
  return ring;
}

sluice_member Dataplane::member(uint32_t index) const {
  sluice_member m = {};
  if (index < capacity_.members)
    std::memcpy(&m, members_.data() + size_t(index) * sizeof(m), sizeof(m));
  return m;
}

Result<void> Dataplane::release_others(const std::set<uint64_t>& rings,
                                       const std::set<uint64_t>& prefixes) {
  const auto others = [&](const char* kind,
                          const std::set<uint64_t>& keep) -> Result<std::vector<uint32_t>> {
    const Result<std::set<uint64_t>> numbers = pins_.numbers(kind);
    if (!numbers) return numbers.error();
    std::vector<uint32_t> out;
    for (uint64_t n : *numbers)
      if (!keep.contains(n)) out.push_back(uint32_t(n));
    return out;
  };
  const Result<std::vector<uint32_t>> old_rings = others("ring", rings);
  if (!old_rings) return old_rings.error();
  if (Result<void> r = release_rings(*old_rings); !r) return r;
  const Result<std::vector<uint32_t>> old_prefixes = others("prefixes", prefixes);
  if (!old_prefixes) return old_prefixes.error();
  if (Result<void> r = release_prefixes(*old_prefixes); !r) return r;

  const Result<GenerationBytes> bytes = generation();
  if (!bytes) return bytes.error();
  std::memcpy(&generation_, bytes->data(), sizeof(generation_));
  for (const char* kind : {"generation", "state"}) {
    const Result<std::set<uint64_t>> numbers = pins_.numbers(kind);
    if (!numbers) return numbers.error();
    for (uint64_t n : *numbers)
      if (n != generation_)
        if (Result<void> r = pins_.remove(kind, n); !r) return r;
  }
  return {};
}

}  // namespace sluice
