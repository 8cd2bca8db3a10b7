// SPDX-License-Identifier: Apache-2.0
#include "kernel/ring_table.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cstring>
#include <vector>

#include "kernel/mapping.h"

namespace sluice {

namespace {

// What one batch changes in the table.
struct Batch {
  std::vector<uint32_t> numbers;
  std::vector<int> fds;

  void add(uint32_t number, int fd) {
    numbers.push_back(number);
    fds.push_back(fd);
  }
  Result<void> write(int outer) {
    if (numbers.empty()) return {};
    LIBBPF_OPTS(bpf_map_batch_opts, options);
    uint32_t count = uint32_t(numbers.size());
    if (bpf_map_update_batch(outer, numbers.data(), fds.data(), &count, &options) == 0) return {};
    return errno_error(fmt::format("write {} numbers of the ring table", numbers.size()));
  }
};

Result<void> fill(int fd, const Ring& ring) {
  Result<Mapping> slots = Mapping::of_map(fd, sluice_ring_size(uint32_t(ring.size())));
  if (!slots) return slots.error();
  std::memcpy(slots->data(), ring.data(), ring.size() * sizeof(ring[0]));
  return {};
}

Result<UniqueFd> create_ring(uint32_t slots) {
  return create_value("ring", sluice_ring_size(slots), BPF_F_MMAPABLE);
}

}  // namespace

Result<UniqueFd> create_value(const char* name, uint32_t size, uint32_t flags) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
  UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t), size, 1, &options));
  if (!fd.valid()) return errno_error(fmt::format("create a map of {} bytes", size));
  return fd;
}

Result<UniqueFd> RingTable::make_ring(const Ring& ring) const {
  Result<UniqueFd> fd = create_ring(slots_);
  if (!fd) return fd;
  if (Result<void> r = fill(fd->get(), ring); !r) return r.error();
  return fd;
}

Result<void> RingTable::make_nobodys_ring() {
  if (nobodys_ring_.valid()) return {};
  const uint32_t nobody = sluice_slot(SLUICE_SLOT_CLEAN, SLUICE_MAX_POSITION, 0);
  Result<UniqueFd> ring = make_ring(Ring(slots_, nobody));
  if (!ring) return ring.error();
  nobodys_ring_ = std::move(*ring);
  return {};
}

Result<void> RingTable::put(int outer, const TablePins& pins, std::span<const PutRing> rings) {
  std::vector<UniqueFd> made;
  Batch batch;
  for (const PutRing& p : rings) {
    if (p.ring->size() != slots_)
      return Error{
          fmt::format("a ring of {} slots in a table of rings of {}", p.ring->size(), slots_)};
    const auto spare = spares_.find(p.number);
    if (spare != spares_.end()) {
      const UniqueFd fd = std::move(spare->second);
      spares_.erase(spare);
      if (Result<void> r = fill(fd.get(), *p.ring); !r) return r;
      if (Result<void> r = pins.put("ring", p.number, fd.get()); !r) return r;
      if (Result<void> r = pins.remove("spare", p.number); !r) return r;
      continue;
    }
    Result<UniqueFd> fd = make_ring(*p.ring);
    if (!fd) return fd.error();
    if (Result<void> r = pins.put("ring", p.number, fd->get()); !r) return r;
    batch.add(p.number, fd->get());
    made.push_back(std::move(*fd));
  }
  return batch.write(outer);
}

// A delete would wait for a grace period of its own; so the numbers stand for one ring of nobody.
Result<void> RingTable::release(int outer, const TablePins& pins, std::span<const uint32_t> numbers,
                                std::span<const uint32_t> spares) {
  Batch batch;
  std::map<uint32_t, UniqueFd> made;
  for (const uint32_t number : spares) {
    if (spares_.contains(number)) continue;
    Result<UniqueFd> fd = create_ring(slots_);
    if (!fd) return fd.error();
    // Under its name before it is in the table: whoever goes on after us takes away what has one.
    if (Result<void> r = pins.put("spare", number, fd->get()); !r) return r;
    batch.add(number, fd->get());
    made.emplace(number, std::move(*fd));
  }
  for (const uint32_t number : numbers) {
    // A spare that was to be filled, if the change had come so far, is one still.
    if (made.contains(number) || spares_.contains(number)) continue;
    if (Result<void> r = make_nobodys_ring(); !r) return r;
    batch.add(number, nobodys_ring_.get());
  }
  if (Result<void> r = batch.write(outer); !r) return Error{"release rings: " + r.error().message};
  spares_.merge(made);
  for (const uint32_t number : numbers)
    if (Result<void> r = pins.remove("ring", number); !r) return r;
  return {};
}

}  // namespace sluice
