// SPDX-License-Identifier: Apache-2.0
#include "flow/standing_tables.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

namespace sluice::test {

namespace {

// The map that stands under a number of a map of maps.
Result<UniqueFd> inner_map(int outer, uint32_t number) {
  uint32_t id = 0;
  if (bpf_map_lookup_elem(outer, &number, &id) != 0) return errno_error("look up an inner map");
  UniqueFd fd(bpf_map_get_fd_by_id(id));
  if (!fd.valid()) return errno_error("open an inner map");
  return fd;
}

}  // namespace

Result<std::unique_ptr<StandingTables>> StandingTables::make(Dataplane& dataplane) {
  const sluice_shape& shape = dataplane.capacity().shape;
  std::unique_ptr<StandingTables> t(new StandingTables(dataplane));
  const RingPtr nobody = std::make_shared<const Ring>(shape.ring_slots);
  std::vector<PutRing> puts;
  for (uint32_t i = 1; i <= kRings; i++) puts.push_back({i, nobody});
  if (Result<void> r = dataplane.put_rings(puts); !r) return r.error();
  if (Result<void> r = dataplane.swap_generation(GenerationBytes(sluice_generation_size(shape)));
      !r)
    return r.error();

  for (uint32_t i = 1; i <= kRings; i++) {
    Result<UniqueFd> ring = inner_map(dataplane.rings_fd(), i);
    if (!ring) return ring.error();
    Result<Mapping> slots = Mapping::of_map(ring->get(), sluice_ring_size(shape.ring_slots));
    if (!slots) return slots.error();
    t->rings_.push_back(std::move(*slots));
  }
  Result<UniqueFd> generation = inner_map(dataplane.generation_fd(), 0);
  if (!generation) return generation.error();
  t->generation_ = std::move(*generation);
  Result<Mapping> members = Mapping::of_map(dataplane.members_fd(), t->members_size());
  if (!members) return members.error();
  t->members_ = std::move(*members);
  return t;
}

size_t StandingTables::members_size() const {
  return size_t(dataplane_.capacity().members) * sizeof(sluice_member);
}

void StandingTables::clear() {
  const sluice_shape& shape = dataplane_.capacity().shape;
  std::memset(members_.data(), 0, members_size());
  for (const Mapping& ring : rings_)
    std::memset(ring.data(), 0, sluice_ring_size(shape.ring_slots));
  if (Result<void> r = swap_generation(GenerationBytes(sluice_generation_size(shape))); !r)
    std::abort();
}

Result<void> StandingTables::put_rings(std::span<const PutRing> rings) {
  for (const PutRing& p : rings) {
    if (p.number > kRings)
      return Error{fmt::format("ring {} is beyond the tests' tables", p.number)};
    std::memcpy(rings_[p.number - 1].data(), p.ring->data(), p.ring->size() * sizeof(uint32_t));
  }
  return {};
}

Result<void> StandingTables::swap_generation(const GenerationBytes& bytes) {
  const uint32_t zero = 0;
  if (bpf_map_update_elem(generation_.get(), &zero, bytes.data(), BPF_ANY) != 0)
    return errno_error("rewrite the generation");
  return {};
}

}  // namespace sluice::test
