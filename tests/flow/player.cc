// SPDX-License-Identifier: Apache-2.0
#include "flow/player.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::test {

namespace {

// Any time will do that is far enough from the clock's beginning.
const Time kBegin = Time(std::chrono::hours(1));

// The order of Manners.
constexpr Sent kSegments[] = {Sent::kSyn, Sent::kAck, Sent::kFin, Sent::kRst, Sent::kError};

}  // namespace

Totals& Totals::operator+=(const Totals& o) {
  schedules += o.schedules;
  packets += o.packets;
  flows += o.flows;
  changes += o.changes;
  rounds += o.rounds;
  kept += o.kept;
  return *this;
}

struct Player::State {
  const Schedule& schedule;
  bool logs;
  Operator people;
  Oracle oracle;
  Reference reference = {};
  Played out = {};

  void log(const World& world, const std::string& line) {
    if (!logs) return;
    const double seconds = std::chrono::duration<double>(world.now() - kBegin).count();
    out.log.push_back(fmt::format("{:9.3f} s: {}", seconds, line));
  }
  void fail(const std::optional<std::string>& why) {
    if (why && !out.wrong) out.wrong = why;
  }
  std::chrono::nanoseconds drain() const { return schedule.drain; }
};

Played Player::play(const Schedule& schedule, bool log) {
  std::vector<bool> tcp;
  for (uint32_t f : schedule.flows) tcp.push_back(traffic_.at(f).tcp);
  State s = {.schedule = schedule,
             .logs = log,
             .people = Operator(schedule.backends, schedule.always, schedule.drain),
             .oracle = Oracle(tcp, schedule.drain)};
  s.out.totals.schedules = 1;
  world_.begin(kBegin);
  apply(s);
  for (const Op& op : schedule.ops) {
    world_.set_time(kBegin + op.at);
    act(s, op);
    check(s);
    if (s.out.wrong) break;
  }
  if (s.out.wrong) s.log(world_, "wrong: " + *s.out.wrong);
  return std::move(s.out);
}

void Player::act(State& s, const Op& op) {
  switch (op.act) {
    case Act::kPacket:
      return packet(s, op);
    case Act::kChange:
      return change(s, op);
    case Act::kSweep:
      return sweep(s, op);
    case Act::kTimer:
      if (world_.is_due()) apply(s);
      return;
    case Act::kFlood:
      return flood(s, op);
  }
}

void Player::packet(State& s, const Op& op) {
  const size_t flow = op.what % s.schedule.flows.size();
  const Tuple& t = traffic_.at(s.schedule.flows[flow]);
  const bool living = s.oracle.is_living(flow, world_.now());
  // Something of a connection that is no more, before there is a new one.
  if (t.tcp && !living && op.value % 8 == 0)
    pass(s, t, Sent::kAck, PacketWatch(world_, t, checks_.full));
  const Sent sent = choose(s, flow, op.value / 8);
  send(s, flow, sent);
  const bool answered = op.value % 10 < profile_.handshakes_in_10;
  if (sent == Sent::kSyn && answered && s.oracle.is_living(flow, world_.now()))
    send(s, flow, Sent::kAck);
}

Sent Player::choose(const State& s, size_t flow, uint32_t roll) const {
  const bool living = s.oracle.is_living(flow, world_.now());
  if (!traffic_.at(s.schedule.flows[flow]).tcp)
    return living && roll % 10 == 0 ? Sent::kError : Sent::kDatagram;
  if (!living) return Sent::kSyn;
  const Manners& m = profile_.manners;
  switch (s.oracle.phase(flow)) {
    case Oracle::Phase::kGone:
      return Sent::kSyn;
    case Oracle::Phase::kHalfOpen:
      return kSegments[pick(m.half_open, roll)];
    case Oracle::Phase::kClosing:
      return kSegments[pick(m.closing, roll)];
    case Oracle::Phase::kOpen:
      break;
  }
  const Sent sent = kSegments[pick(m.open, roll)];
  return sent == Sent::kSyn && !may_repeat_syn(s, flow) ? Sent::kAck : sent;
}

// A SYN in the middle of a flow moves it where FLOWS.md says so: an old flow within the window, of
// which nobody knows, and one of a draining backend that was silent for a minute.
bool Player::may_repeat_syn(const State& s, size_t flow) const {
  const Tuple& t = traffic_.at(s.schedule.flows[flow]);
  const std::optional<Flow> f = world_.find(t.key);
  if (!f) return world_.slot(t).state != SLUICE_SLOT_WINDOW;
  return world_.now() - Time(std::chrono::nanoseconds(f->entry.seen)) < std::chrono::seconds(60);
}

Member Player::pass(State& s, const Tuple& t, Sent sent, const PacketWatch& watch) {
  const Member at = world_.send(t.frames[size_t(sent)]);
  s.out.totals.packets++;
  if (s.logs)
    s.log(world_, fmt::format("{} of port {} to {} (slot of {}, {} {})", name_of(sent),
                              traffic_.port(t.key), name_of(at), name_of(watch.slot().current),
                              watch.slot().state == SLUICE_SLOT_WINDOW ? "window, before:" : "was",
                              name_of(watch.slot().previous)));
  if (checks_.tables || checks_.full) s.fail(watch.check(sent, at));
  if (checks_.pure_hash && at != s.reference.wanted(t))
    s.fail(fmt::format("{} got what the hash gives to {}", name_of(at),
                       name_of(s.reference.wanted(t))));
  return at;
}

void Player::send(State& s, size_t flow, Sent sent) {
  const Tuple& t = traffic_.at(s.schedule.flows[flow]);
  const PacketWatch watch(world_, t, checks_.full);
  const bool was_living = s.oracle.is_living(flow, world_.now());
  const Member at = pass(s, t, sent, watch);
  const bool is_repeated = was_living && s.oracle.phase(flow) == Oracle::Phase::kHalfOpen;
  // Outside of windows nobody writes down that a SYN was seen: one that comes again within is new.
  if (sent == Sent::kSyn && is_repeated && !watch.found() &&
      watch.slot().state == SLUICE_SLOT_WINDOW)
    s.oracle.forget_syn(flow);
  // Tables that are full have room for some flows only; flows_new keeps what it has.
  const bool counts = !checks_.full || (watch.found() && watch.found()->table == FlowTable::kNew);
  const std::optional<std::string> wrong = s.oracle.saw(flow, sent, at, world_.now());
  s.out.totals.flows += !was_living;
  s.out.totals.kept += was_living && !wrong && at != watch.slot().current;
  if (!wrong) return;
  if (!counts)
    s.oracle.move(flow, at);
  else if (checks_.flows)
    s.fail(wrong);
}

void Player::flood(State& s, const Op& op) {
  constexpr uint32_t kMost = 40;
  for (uint32_t i = 0; i < 1 + op.value % kMost && !s.out.wrong; i++) {
    const Tuple& t = traffic_.flood(op.what + i);
    for (const Sent sent : {Sent::kSyn, Sent::kAck}) {
      const bool wanted = op.value / kMost % 3 != (sent == Sent::kSyn ? 1 : 2);
      if (wanted) pass(s, t, sent, PacketWatch(world_, t, checks_.full));
    }
  }
}

void Player::change(State& s, const Op& op) {
  const std::string what = s.people.change(Change(op.what), op.value);
  s.log(world_, what);
  s.out.totals.changes++;
  apply(s, Change(op.what) == Change::kReload);
  for (const IpAddress& b : s.people.setting().dead) s.oracle.kill(b);
  s.out.history.push_back(Reference::slots(world_));
}

void Player::apply(State& s, bool anew) {
  world_.apply(s.people.setting(), anew);
  s.log(world_, "published");
  if (!checks_.slots && !checks_.pure_hash) return;
  const std::optional<std::string> wrong = s.reference.change(s.people.setting(), world_);
  if (checks_.slots) s.fail(wrong);
}

void Player::sweep(State& s, const Op& op) {
  constexpr uint32_t kSizes[] = {4, 64, 512};
  bool whole;
  do {
    whole = world_.sweep(kSizes[op.what % 3], s.drain());
  } while (!whole && profile_.whole_rounds);
  s.out.totals.rounds += whole;
  s.log(world_, whole ? "end of a round" : "a step of a round");
}

void Player::check(State& s) {
  if (checks_.untracked) s.fail(check_owners(world_, traffic_, s.schedule.flows, s.oracle));
  if (checks_.tables) s.fail(check_entries(world_, traffic_, s.drain()));
}

}  // namespace sluice::test
