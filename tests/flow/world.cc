// SPDX-License-Identifier: Apache-2.0
#include "flow/world.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <cstdio>
#include <cstdlib>

#include "kernel/publish.h"
#include "kernel/test_run.h"

namespace sluice::test {

const std::string World::kSeed = "seed of the flow properties";

namespace {

// Nothing that fails here is about flows.
template <class T>
T must(Result<T> r) {
  if (!r) {
    std::fprintf(stderr, "%s\n", r.error().message.c_str());
    std::abort();
  }
  return std::move(*r);
}
void must(Result<void> r) {
  if (r) return;
  std::fprintf(stderr, "%s\n", r.error().message.c_str());
  std::abort();
}

NextHop way_to(const IpAddress& backend) {
  return {.ifindex = kTestIngress,
          .interface = "test",
          .source = *MacAddress::parse("02:00:00:00:00:0b"),
          .destination = *MacAddress::parse("02:00:00:00:00:01"),
          .preferred_source = *IpAddress::parse(backend.is_v4() ? "203.0.113.2" : "2001:db8:b::2"),
          .mtu = 1600};
}

// The destination of the outer header.
IpAddress outer_destination(const Bytes& frame) {
  const bool v4 = frame[12] == 0x08 && frame[13] == 0x00;
  return v4 ? IpAddress::from_v4(frame.data() + 14 + 16)
            : IpAddress::from_v6(frame.data() + 14 + 24);
}

Member backend_at(const Slots& s, uint32_t position) {
  return position < s.backends.size() ? Member(s.backends[position]) : std::nullopt;
}

// Backends are named like their addresses.
Conditions conditions_of(const Setting& setting) {
  Conditions out;
  for (const IpAddress& address : setting.dead)
    for (const char* pool : {"a", "b", kLeavingPool})
      out[{pool, address.to_string()}] = {.weight = 0, .dead = true};
  return out;
}

}  // namespace

const Backends& universe() {
  static const Backends all = [] {
    Backends b = {*IpAddress::parse("2001:db8:b::11")};
    for (int i = 11; i < 18; i++) b.push_back(*IpAddress::parse(fmt::format("203.0.113.{}", i)));
    return b;
  }();
  return all;
}

World::World(uint32_t flows) {
  for (const IpAddress& b : universe()) ways_[b] = way_to(b);
  Capacity capacity = capacity_for({}, kRingSlots);
  capacity.flows = flows;
  const Features features = {.prefixes = false, .fake_clock = true};
  dataplane_ = must(Dataplane::load(capacity, hash_key_from_seed(kSeed), features));
  tables_ = must(StandingTables::make(*dataplane_));
}

void World::begin(Time now) {
  round_.reset();
  history_ = History();
  FlowTables& flows = *dataplane_->flows();
  for (const Flow& f : entries()) flows.remove(f);
  flows.correct_half_open(-flows.half_open());
  set_time(now);
}

void World::set_time(Time now) {
  const uint32_t zero = 0;
  const uint64_t ns = uint64_t(std::chrono::nanoseconds(now.time_since_epoch()).count());
  if (bpf_map_update_elem(dataplane_->clock_fd(), &zero, &ns, BPF_ANY) != 0) std::abort();
  now_ = now;
}

void World::apply(const Setting& setting, bool anew) {
  History::Next next = history_.next(setting.config, ways_, {}, now_, conditions_of(setting));
  if (anew) {
    round_.reset();
    tables_->clear();
  }
  Plan plan = must((anew ? make_first_plan : make_plan)(history_.live(), std::move(next.image),
                                                        dataplane_->capacity()));
  must(publish(plan, *tables_));
  history_.go_live(history_.after(plan, setting.config, std::move(next.leaving), now_), now_);
}

bool World::sweep(uint32_t size, std::chrono::nanoseconds drain) {
  if (!round_) round_.emplace(*dataplane_->flows(), decltype(Sweep::removed){}, now_);
  if (!must(round_->step(history_.live(), drain, now_, size))) return false;
  history_.take(round_->sweep());
  round_.reset();
  return true;
}

Member World::send(const Bytes& frame) {
  const TestOutcome out = must(test_run(dataplane_->program_fd(), Hook::kXdp, frame));
  if (out.action != XDP_TX && out.action != XDP_REDIRECT) return std::nullopt;
  return outer_destination(out.frame);
}

std::optional<Flow> World::find(const sluice_flow& key) const {
  for (size_t t = 0; t < kFlowTables; t++) {
    Flow f = {FlowTable(t), key, {}};
    const std::optional<sluice_flow_entry> e = dataplane_->flows()->look_up(f);
    if (!e) continue;
    f.entry = *e;
    return f;
  }
  return std::nullopt;
}

int World::count(const sluice_flow& key) const {
  int n = 0;
  for (size_t t = 0; t < kFlowTables; t++)
    n += dataplane_->flows()->look_up({FlowTable(t), key, {}}).has_value();
  return n;
}

std::vector<Flow> World::entries() const {
  std::vector<Flow> out;
  FlowTables::Walk walk(*dataplane_->flows());
  for (;;) {
    const std::vector<Flow> some = must(walk.next(512));
    if (some.empty()) return out;
    out.insert(out.end(), some.begin(), some.end());
  }
}

FlowEvents World::events() const {
  return must(dataplane_->flows()->events());
}

const ImageService& World::service(const std::string& name) const {
  for (const ImageService& s : live().image.services)
    if (s.name == name) return s;
  std::abort();
}

const Slots& World::slots(const Tuple& t) const {
  const ImageService& s = service(t.service);
  return t.udp_ring ? s.udp : s.tcp;
}

SlotSeen World::slot(const Slots& s, uint32_t hash) {
  if (!s.ring) return {};
  const size_t at = sluice_slot_of(hash, uint32_t(s.ring->size()));
  const uint32_t word = (*s.ring)[at];
  SlotSeen out = {.state = sluice_slot_state_of(word),
                  .current = backend_at(s, sluice_slot_current(word)),
                  .previous = {}};
  if (out.state == SLUICE_SLOT_WINDOW) {
    out.previous = backend_at(s, sluice_slot_previous(word));
    out.end = s.ends[s.window[at]];
  }
  return out;
}

Member World::backend_of(const sluice_flow_entry& entry) const {
  const auto alive = [&](const sluice_member& m) {
    return m.incarnation == entry.incarnation && m.life != SLUICE_LIFE_DEAD;
  };
  for (const auto& [key, m] : live().members)
    if (m.index == entry.member && alive(m.value)) return key.backend;
  const auto retired = live().retired.find(entry.member);
  if (retired != live().retired.end() && alive(retired->second.value))
    return retired->second.key.backend;
  return std::nullopt;
}

}  // namespace sluice::test
