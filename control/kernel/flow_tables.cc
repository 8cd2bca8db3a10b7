// SPDX-License-Identifier: Apache-2.0
#include "kernel/flow_tables.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>

#include "kernel/objects.h"

namespace sluice {

#define X(name, text) ReasonText{#name, text},
const std::array<ReasonText, SLUICE_FLOW_EVENT_COUNT> kFlowEventTexts = {SLUICE_FLOW_EVENTS(X)};
#undef X

namespace {

constexpr std::array<const char*, kFlowTables> kNames = {"flows_new", "flows_adopted",
                                                         "doorkeeper"};
constexpr uint32_t kStep = 4096;             // flows at a time
constexpr uint32_t kMostInBucket = 1 << 20;  // beyond any bucket of a hash map

int64_t* counter(const Mapping& half_open) {
  return reinterpret_cast<int64_t*>(half_open.data());
}

}  // namespace

Result<FlowTables> FlowTables::open(const Objects& objects) {
  Result<Mapping> half_open = Mapping::of_map(objects.map_fd("half_open"), sizeof(int64_t));
  if (!half_open) return half_open.error();
  FlowTables t(std::move(*half_open));
  for (size_t i = 0; i < kFlowTables; i++) t.fds_[i] = objects.map_fd(kNames[i]);
  t.events_fd_ = objects.map_fd("flow_events");
  return t;
}

Result<std::vector<Flow>> FlowTables::Walk::next(uint32_t size) {
  std::vector<Flow> out;
  while (out.empty() && !place_.is_end()) {
    const Result<bool> more = read(size, out);
    if (!more) return more.error();
    if (!*more) place_ = {place_.table + 1};
  }
  return out;
}

// False at the end of the table. The kernel hands out whole buckets, and asks for more room where
// one does not fit.
Result<bool> FlowTables::Walk::read(uint32_t size, std::vector<Flow>& out) {
  LIBBPF_OPTS(bpf_map_batch_opts, options);
  for (uint32_t room = size; room <= kMostInBucket; room *= 2) {
    std::vector<sluice_flow> keys(room);
    std::vector<sluice_flow_entry> values(room);
    uint32_t before = place_.position.value_or(0), after = 0, count = room;
    const int r =
        bpf_map_lookup_batch(tables_.fds_[place_.table], place_.position ? &before : nullptr,
                             &after, keys.data(), values.data(), &count, &options);
    if (r == -ENOSPC) continue;
    if (r < 0 && r != -ENOENT) return errno_error("read a flow table", r);
    for (uint32_t i = 0; i < count; i++)
      out.push_back({FlowTable(place_.table), keys[i], values[i]});
    place_.position = after;
    return r == 0;
  }
  return Error{"a bucket of a flow table is too large to read"};
}

// A full table loses what does not fit: those flows are where they would be without it.
Result<void> FlowTables::take_over(const FlowTables& before) {
  Walk walk(before);
  for (;;) {
    const Result<std::vector<Flow>> flows = walk.next(kStep);
    if (!flows) return flows.error();
    if (flows->empty()) return {};
    if (shares(before, flows->front().table)) continue;
    for (const Flow& f : *flows) bpf_map_update_elem(fd_of(f.table), &f.key, &f.entry, BPF_NOEXIST);
  }
}

bool FlowTables::shares(const FlowTables& other, FlowTable table) const {
  bpf_map_info mine = {}, its = {};
  uint32_t size = sizeof(mine), its_size = sizeof(its);
  return bpf_obj_get_info_by_fd(fd_of(table), &mine, &size) == 0 &&
         bpf_obj_get_info_by_fd(other.fd_of(table), &its, &its_size) == 0 && mine.id == its.id;
}

std::optional<sluice_flow_entry> FlowTables::look_up(const Flow& flow) const {
  sluice_flow_entry e;
  if (bpf_map_lookup_elem(fd_of(flow.table), &flow.key, &e) != 0) return std::nullopt;
  return e;
}

bool FlowTables::remove(const Flow& flow) {
  return bpf_map_delete_elem(fd_of(flow.table), &flow.key) == 0;
}

void FlowTables::correct_half_open(int64_t difference) {
  __atomic_fetch_add(counter(half_open_), difference, __ATOMIC_RELAXED);
}

void FlowTables::end_pause() {
  while (half_open() > RecordingPause::kBeyondAnyQuota / 2)
    correct_half_open(-RecordingPause::kBeyondAnyQuota);
}

int64_t FlowTables::half_open() const {
  return __atomic_load_n(counter(half_open_), __ATOMIC_RELAXED);
}

Result<FlowEvents> FlowTables::events() const {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_error("count the possible CPUs", cpus);
  FlowEvents out = {};
  std::vector<uint64_t> copies(static_cast<size_t>(cpus));
  for (uint32_t i = 0; i < out.size(); i++) {
    if (bpf_map_lookup_elem(events_fd_, &i, copies.data()) != 0)
      return errno_error("read the counters of flows");
    for (uint64_t n : copies) out[i] += n;
  }
  return out;
}

}  // namespace sluice
