// SPDX-License-Identifier: Apache-2.0
#include "daemon/ledger.h"

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
  if (index < counters.members.size()) add_to(services_[service], counters.members[index]);
}

void Ledger::retire_members(const Counters& counters, const Live& old, const Live& next) {
  for (const auto& [key, m] : old.members) {
    const auto same = next.members.find(key);
    if (same == next.members.end() || same->second.index != m.index)
      add(key.service, counters, m.index);
  }
  std::erase_if(services_, [&](const auto& s) {
    for (const ImageService& service : next.image.services)
      if (service.name == s.first) return false;
    return true;
  });
}

void Ledger::retire_all(const Counters& counters, const Live& live) {
  for (const auto& [key, m] : live.members) add(key.service, counters, m.index);
  add_each(reasons_.drops, counters.drops);
  add_each(reasons_.passes, counters.passes);
  add_each(reasons_.replies, counters.replies);
}

void Ledger::retire_flow_events(const FlowEvents& events) {
  add_each(flow_events_, events);
}

FlowEvents Ledger::flow_events(FlowEvents now) const {
  add_each(now, flow_events_);
  return now;
}

Counters Ledger::reasons(Counters now) const {
  add_each(now.drops, reasons_.drops);
  add_each(now.passes, reasons_.passes);
  add_each(now.replies, reasons_.replies);
  return now;
}

sluice_counter Ledger::service(const std::string& name, const Counters& now,
                               const Live& live) const {
  const auto retired = services_.find(name);
  sluice_counter sum = retired == services_.end() ? sluice_counter{} : retired->second;
  for (const auto& [key, m] : live.members)
    if (key.service == name && m.index < now.members.size()) add_to(sum, now.members[m.index]);
  return sum;
}

}  // namespace sluice
