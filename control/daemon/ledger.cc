// SPDX-License-Identifier: Apache-2.0
#include "daemon/ledger.h"

#include <algorithm>

namespace sluice {

namespace {

void add_to(sluice_counter& sum, const sluice_counter& n) {
  sum.packets += n.packets;
  sum.bytes += n.bytes;
}

template <class Array>
void add_each(Array& sums, const Array& more) {
  for (size_t i = 0; i < sums.size(); i++) sums[i] += more[i];
}

}  // namespace

void Ledger::add(const std::string& service, const Counters& counters, uint32_t index) {
  if (index < counters.members.size()) add_to(sums_.services[service], counters.members[index]);
}

void Ledger::retire_members(const Counters& counters, const Live& old, const Live& next) {
  version_++;
  for (const auto& [key, m] : old.members) {
    const auto same = next.members.find(key);
    if (same == next.members.end() || same->second.index != m.index)
      add(key.service, counters, m.index);
  }
  std::erase_if(sums_.services, [&](const auto& s) { return !find_service(next.image, s.first); });
}

void Ledger::retire_all(const Counters& counters, const Live& live) {
  version_++;
  for (const auto& [key, m] : live.members) add(key.service, counters, m.index);
  add_each(sums_.reasons.drops, counters.drops);
  add_each(sums_.reasons.passes, counters.passes);
  add_each(sums_.reasons.replies, counters.replies);
}

void Ledger::begin_members(const std::vector<PutMember>& members) {
  for (const PutMember& m : members) version_ += sums_.tests.erase(m.index);
}

void Ledger::add_tests(const std::map<uint32_t, sluice_counter>& tests) {
  version_++;
  for (const auto& [number, n] : tests) add_to(sums_.tests[number], n);
}

void Ledger::forget_tests() {
  version_++;
  sums_.tests.clear();
}

void Ledger::leave_out_tests(Counters& now) const {
  for (const auto& [number, n] : sums_.tests) {
    if (number >= now.members.size()) continue;
    sluice_counter& m = now.members[number];
    m.packets -= std::min(m.packets, n.packets);
    m.bytes -= std::min(m.bytes, n.bytes);
  }
}

void Ledger::retire_flow_events(const FlowEvents& events) {
  version_++;
  add_each(sums_.flow_events, events);
}

FlowEvents Ledger::flow_events(FlowEvents now) const {
  add_each(now, sums_.flow_events);
  return now;
}

Counters Ledger::reasons(Counters now) const {
  add_each(now.drops, sums_.reasons.drops);
  add_each(now.passes, sums_.reasons.passes);
  add_each(now.replies, sums_.reasons.replies);
  return now;
}

sluice_counter Ledger::service(const std::string& name, const Counters& now,
                               const Live& live) const {
  const auto retired = sums_.services.find(name);
  sluice_counter sum = retired == sums_.services.end() ? sluice_counter{} : retired->second;
  for (const auto& [key, m] : live.members)
    if (key.service == name && m.index < now.members.size()) add_to(sum, now.members[m.index]);
  return sum;
}

}  // namespace sluice
