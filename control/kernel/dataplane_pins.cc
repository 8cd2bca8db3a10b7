// SPDX-License-Identifier: Apache-2.0
// A data plane that outlives its daemon: pinned by one, opened by the next.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cstring>

#include "kernel/dataplane.h"
#include "kernel/pin.h"

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

Result<PinnedGeneration> generation_in_force(const TablePins& pins) {
  const uint32_t zero = 0;
  uint32_t in_force = 0;
  const Result<std::optional<UniqueFd>> outer = open_pin(pins.directory() + "/generation");
  if (!outer) return outer.error();
  if (!*outer || bpf_map_lookup_elem((*outer)->get(), &zero, &in_force) != 0)
    return errno_error("ask for the generation in force");
  const Result<std::set<uint64_t>> numbers = pins.numbers("generation");
  if (!numbers) return numbers.error();
  for (uint64_t number : *numbers) {
    Result<std::optional<UniqueFd>> table = pins.open("generation", number);
    if (!table) return table.error();
    if (!*table) continue;
    const Result<bpf_map_info> info = info_of((*table)->get());
    if (!info) return info.error();
    if (info->id == in_force) return PinnedGeneration{number, info->value_size, std::move(**table)};
  }
  return Error{"the generation in force is not pinned"};
}

Result<GenerationBytes> Dataplane::generation() const {
  const Result<PinnedGeneration> in_force = generation_in_force(pins_);
  if (!in_force) return in_force.error();
  const uint32_t zero = 0;
  GenerationBytes bytes(in_force->size);
  if (bpf_map_lookup_elem(in_force->table.get(), &zero, bytes.data()) != 0)
    return errno_error("read the generation in force");
  return bytes;
}

Result<Ring> pinned_ring(const TablePins& pins, uint32_t number, uint32_t slots) {
  const Result<std::optional<UniqueFd>> map = pins.open("ring", number);
  if (!map) return map.error();
  if (!*map) return Error{fmt::format("ring {} is not pinned", number)};
  const Result<bpf_map_info> info = info_of((*map)->get());
  if (!info) return info.error();
  const uint32_t size = sluice_ring_size(slots);
  if (info->value_size != size) return Error{fmt::format("ring {} has another size", number)};
  const Result<Mapping> words = Mapping::of_map((*map)->get(), size);
  if (!words) return words.error();
  Ring ring(slots);
  std::memcpy(ring.data(), words->data(), ring.size() * sizeof(ring[0]));
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
  const Result<std::vector<uint32_t>> spares = others("spare", rings);
  if (!spares) return spares.error();
  std::vector<uint32_t> released = *old_rings;
  released.insert(released.end(), spares->begin(), spares->end());
  if (Result<void> r = release_rings(released, {}); !r) return r;
  const Result<std::set<uint64_t>> names = pins_.numbers("spare");
  if (!names) return names.error();
  for (const uint64_t number : *names)
    if (Result<void> r = pins_.remove("spare", number); !r) return r;
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
