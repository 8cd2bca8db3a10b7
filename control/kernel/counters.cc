// SPDX-License-Identifier: Apache-2.0
#include "kernel/counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "kernel/dataplane.h"

namespace sluice {

#define X(name, text) ReasonText{#name, text},
const std::array<ReasonText, SLUICE_DROP_REASON_COUNT> kDropTexts = {SLUICE_DROP_REASONS(X)};
const std::array<ReasonText, SLUICE_PASS_REASON_COUNT> kPassTexts = {SLUICE_PASS_REASONS(X)};
const std::array<ReasonText, SLUICE_REPLY_REASON_COUNT> kReplyTexts = {SLUICE_REPLY_REASONS(X)};
#undef X

namespace {

// One per-CPU value, as the array of its copies.
template <class T>
Result<std::vector<T>> read_copies(int map, uint32_t index, const char* what) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_error("count the possible CPUs", cpus);
  std::vector<T> copies(static_cast<size_t>(cpus));
  if (bpf_map_lookup_elem(map, &index, copies.data()) != 0)
    return errno_error(fmt::format("read counter {} of {}", index, what));
  return copies;
}

template <size_t N>
Result<void> read_reasons(int map, const char* what, std::array<uint64_t, N>& out) {
  for (uint32_t i = 0; i < N; i++) {
    Result<std::vector<uint64_t>> copies = read_copies<uint64_t>(map, i, what);
    if (!copies) return copies.error();
    for (uint64_t n : *copies) out[i] += n;
  }
  return {};
}

}  // namespace

Result<Counters> read_counters(const Dataplane& dataplane, uint32_t members) {
  Counters c;
  if (Result<void> r = read_reasons(dataplane.drops_fd(), "drops", c.drops); !r) return r.error();
  if (Result<void> r = read_reasons(dataplane.passes_fd(), "passes", c.passes); !r)
    return r.error();
  if (Result<void> r = read_reasons(dataplane.replies_fd(), "replies", c.replies); !r)
    return r.error();
  for (uint32_t i = 0; i < members; i++) {
    Result<std::vector<sluice_counter>> copies =
        read_copies<sluice_counter>(dataplane.member_stats_fd(), i, "member_stats");
    if (!copies) return copies.error();
    sluice_counter sum = {};
    for (const sluice_counter& n : *copies) {
      sum.packets += n.packets;
      sum.bytes += n.bytes;
    }
    c.members.push_back(sum);
  }
  return c;
}

}  // namespace sluice
