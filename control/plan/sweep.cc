// SPDX-License-Identifier: Apache-2.0
#include "plan/sweep.h"

#include <netinet/in.h>

#include <algorithm>

#include "plan/compile.h"

namespace sluice {

FlowJudge::FlowJudge(const Live& live, std::chrono::nanoseconds drain) : drain_(drain) {
  for (const auto& [key, m] : live.members)
    rows_[m.index] = {m.value.incarnation, m.value.life, key};
  for (const auto& [number, r] : live.retired)
    rows_[number] = {r.value.incarnation, r.value.life, r.key};
  for (const ImageService& s : live.image.services) services_.emplace(s.name, &s);
}

const MemberKey* FlowJudge::member_of(const sluice_flow_entry& entry) const {
  const auto row = rows_.find(entry.member);
  if (row == rows_.end() || row->second.incarnation != entry.incarnation) return nullptr;
  return row->second.life == SLUICE_LIFE_DEAD ? nullptr : &row->second.key;
}

bool FlowJudge::is_idle(const Flow& flow, Time now) const {
  const bool udp = flow.key.proto != IPPROTO_TCP;
  std::chrono::nanoseconds limit =
      udp ? std::min<std::chrono::nanoseconds>(drain_, kUdpWindow) : drain_;
  if (flow.entry.marks & SLUICE_FLOW_HALF_OPEN) limit = kHalfOpenLifetime;
  if (flow.entry.marks & (SLUICE_FLOW_FIN | SLUICE_FLOW_RST))
    limit = std::min<std::chrono::nanoseconds>(limit, kClosedLifetime);
  return now - Time(std::chrono::nanoseconds(flow.entry.seen)) > limit;
}

FlowJudge::Agreement FlowJudge::compare(const Flow& flow, const MemberKey& member,
                                        const Slots& slots, bool remembers_all,
                                        std::vector<bool>& disagree) const {
  if (!slots.ring) return Agreement::kDisagrees;
  const uint32_t at = sluice_slot_of(flow.entry.hash, uint32_t(slots.ring->size()));
  const uint32_t word = (*slots.ring)[at], current = sluice_slot_current(word);
  disagree.resize(slots.ring->size());
  if (current >= slots.backends.size() || slots.backends[current] != member.backend) {
    disagree[at] = true;
    return Agreement::kDisagrees;
  }
  const bool needed = remembers_all || sluice_slot_state_of(word) == SLUICE_SLOT_WINDOW;
  return needed ? Agreement::kAgrees : Agreement::kUseless;
}

// UDP may be in either of a service's rings: which, the service's ports say, and not the entry.
bool FlowJudge::is_over(const Flow& flow, Time now, Sweep& sweep) const {
  const MemberKey* member = member_of(flow.entry);
  MemberFlows& flows = sweep.members[flow.entry.member];
  if (!member || is_idle(flow, now)) return true;
  const auto service = services_.find(member->service);
  if (service == services_.end()) return true;
  const ImageService& s = *service->second;
  const bool all = s.tracking == Tracking::kAlways;
  bool useless =
      compare(flow, *member, s.tcp, all, sweep.disagree[{s.name, false}]) == Agreement::kUseless;
  if (flow.key.proto != IPPROTO_TCP && s.udp.ring)
    useless &=
        compare(flow, *member, s.udp, all, sweep.disagree[{s.name, true}]) == Agreement::kUseless;
  if (useless) return true;
  const bool closing = flow.entry.marks & (SLUICE_FLOW_FIN | SLUICE_FLOW_RST);
  (closing ? flows.closing : flows.living)++;
  sweep.entries[size_t(flow.table)]++;
  sweep.half_open += flow.table == FlowTable::kNew && flow.entry.marks & SLUICE_FLOW_HALF_OPEN;
  return false;
}

void QuietNumbers::add(const Sweep& sweep, const Live& live, Time published) {
  if (sweep.began < published + kSweepGrace) return;
  std::map<uint32_t, uint32_t> rounds;
  const auto count = [&](uint32_t number) {
    const auto before = rounds_.find(number);
    rounds[number] =
        sweep.members.contains(number) ? 0 : (before == rounds_.end() ? 0 : before->second) + 1;
  };
  for (const auto& [key, m] : live.members) count(m.index);
  for (const auto& [number, r] : live.retired) count(number);
  rounds_ = std::move(rounds);
}

bool QuietNumbers::is_quiet(uint32_t number) const {
  const auto it = rounds_.find(number);
  return it != rounds_.end() && it->second >= kEnough;
}

Image settle(const Image& image, const Sweep& sweep) {
  Image out = image;
  for (ImageService& s : out.services)
    for (const bool udp : {false, true}) {
      Slots& slots = udp ? s.udp : s.tcp;
      if (!slots.ring || slots.quiet.empty()) continue;
      SlotScan scan = {.began = sweep.began, .disagree = {}};
      if (const auto it = sweep.disagree.find({s.name, udp}); it != sweep.disagree.end())
        scan.disagree = it->second;
      scan.disagree.resize(slots.ring->size());
      slots = settle_slots(slots, scan, kSweepGrace);
    }
  return out;
}

void release_numbers(Live& live, const QuietNumbers& quiet) {
  std::erase_if(live.retired, [&](const auto& r) { return quiet.is_quiet(r.first); });
}

}  // namespace sluice
