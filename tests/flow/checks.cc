// SPDX-License-Identifier: Apache-2.0
#include "flow/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace sluice::test {

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

bool same_key(const sluice_flow& a, const sluice_flow& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

bool has(const std::vector<Flow>& flows, const sluice_flow& key) {
  return std::any_of(flows.begin(), flows.end(),
                     [&](const Flow& f) { return same_key(f.key, key); });
}

// Has the flow been silent for too long for its entry to count?
bool is_stale(const Flow& f, bool tcp, nanoseconds drain, Time now) {
  nanoseconds limit = tcp ? drain : std::min<nanoseconds>(drain, seconds(120));
  if (f.entry.marks & SLUICE_FLOW_HALF_OPEN) limit = seconds(30);
  if (f.entry.marks & (SLUICE_FLOW_FIN | SLUICE_FLOW_RST))
    limit = std::min<nanoseconds>(limit, seconds(120));
  return now - Time(nanoseconds(f.entry.seen)) > limit;
}

}  // namespace

std::optional<std::string> check_owners(const World& world, const Traffic& traffic,
                                        const std::vector<uint32_t>& flows, const Oracle& oracle) {
  for (size_t i = 0; i < flows.size(); i++) {
    if (!oracle.is_living(i, world.now()) || !oracle.owner(i)) continue;
    const Tuple& t = traffic.at(flows[i]);
    const std::optional<Flow> f = world.find(t.key);
    const Member says = f ? world.backend_of(f->entry) : world.slot(t).owner();
    if (says != oracle.owner(i))
      return fmt::format("{} has flow {}, but its {} says {}", name_of(oracle.owner(i)), i,
                         f ? "entry" : "slot", name_of(says));
  }
  return std::nullopt;
}

std::optional<std::string> check_entries(const World& world, const Traffic& traffic,
                                         nanoseconds drain) {
  std::map<uint32_t, int> tables;
  for (const Flow& f : world.entries()) {
    const Tuple& t = traffic.find(f.key);
    const Member member = world.backend_of(f.entry);
    const SlotSeen slot = world.slot(t);
    if (slot.state == SLUICE_SLOT_CLEAN && member && member != slot.current &&
        !is_stale(f, t.tcp, drain, world.now()))
      return fmt::format("port {} has an entry of {} in a slot of {} that is CLEAN",
                         traffic.port(f.key), name_of(member), name_of(slot.current));
    if (++tables[traffic.port(f.key)] > 1)
      return fmt::format("port {} is in two tables", traffic.port(f.key));
  }
  return std::nullopt;
}

PacketWatch::PacketWatch(const World& world, const Tuple& t, bool all)
    : world_(world), t_(t), all_(all), found_(world.find(t.key)), slot_(world.slot(t)) {
  if (all) new_ = look();
}

PacketWatch::NewTable PacketWatch::look() const {
  NewTable n = {.entries = world_.entries(), .events = world_.events()};
  std::erase_if(n.entries, [](const Flow& f) { return f.table != FlowTable::kNew; });
  return n;
}

std::optional<std::string> PacketWatch::check(Sent sent, const Member& at) const {
  const bool always = world_.service(t_.service).tracking == Tracking::kAlways;
  const std::optional<Flow> after = world_.find(t_.key);
  if (world_.count(t_.key) > 1) return "it is in two tables";
  if (slot_.state != SLUICE_SLOT_WINDOW && !always && after && !found_)
    return "an entry was made outside of any window";
  if (sent == Sent::kError) {
    const bool same =
        after.has_value() == found_.has_value() &&
        (!after || (after->table == found_->table &&
                    std::memcmp(&after->entry, &found_->entry, sizeof(after->entry)) == 0));
    if (!same) return "an ICMP error changed its entry";
  }
  return all_ ? check_new(sent, at) : std::nullopt;
}

std::optional<std::string> PacketWatch::check_new(Sent sent, const Member& at) const {
  const NewTable after = look();
  for (const Flow& f : new_.entries)
    if (!same_key(f.key, t_.key) && !has(after.entries, f.key))
      return "flows_new forgot another flow";
  const auto rose = [&](sluice_flow_event e) { return after.events[e] != new_.events[e]; };
  const bool refused = rose(SLUICE_FLOW_REFUSED_QUOTA) || rose(SLUICE_FLOW_REFUSED_FULL);
  if (refused && at != slot_.owner())
    return fmt::format("a refused SYN went to {}, not to {}", name_of(at), name_of(slot_.owner()));
  if (refused && has(after.entries, t_.key)) return "a refused SYN is in flows_new";
  if (rose(SLUICE_FLOW_RECORDED) && (!has(after.entries, t_.key) || at != slot_.current))
    return "a recorded SYN did not go where its entry says";
  if (sent == Sent::kSyn && slot_.state == SLUICE_SLOT_WINDOW && slot_.current && !found_ &&
      !refused && !rose(SLUICE_FLOW_RECORDED))
    return "a new flow was neither recorded nor refused";
  const int64_t half_open =
      std::count_if(after.entries.begin(), after.entries.end(),
                    [](const Flow& f) { return f.entry.marks & SLUICE_FLOW_HALF_OPEN; });
  if (half_open != world_.half_open())
    return fmt::format("{} half-open flows are counted as {}", half_open, world_.half_open());
  return std::nullopt;
}

}  // namespace sluice::test
