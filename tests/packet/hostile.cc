// SPDX-License-Identifier: Apache-2.0
#include "packet/hostile.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sched.h>

#include <algorithm>
#include <numeric>

#include "packet/carrier.h"

namespace sluice::test {

namespace {

constexpr size_t kTurn = 128;  // frames, before it is the next CPU's
constexpr uint64_t kShown = 5;

// The only place that knows what a hook's actions mean.
Fate fate_of(uint32_t action) {
  switch (action) {
    case XDP_TX:
    case XDP_REDIRECT:
      return Fate::kSent;
    case XDP_PASS:
      return Fate::kPassed;
    case XDP_DROP:
      return Fate::kDropped;
    default:
      return Fate::kAborted;
  }
}

// Known-good packets of every kind.
std::vector<Bytes> make_controls() {
  const std::string c4 = "198.51.100.200", c6 = "2001:db8:c::200";
  return {frame4({.source = c4, .destination = kVip4}).tcp({5001, 80}).payload(9).build(),
          frame6({.source = c6, .destination = kVip6}).tcp({5002, 80}).payload(9).build(),
          frame4({.source = c4, .destination = kVip4}).udp({5003, 443}).payload(100).build(),
          frame6({.source = c6, .destination = kVip6}).udp({5004, 443}).payload(100).build(),
          frame4({.source = c4, .destination = kAny4, .protocol = 50}).payload(30).build(),
          frame6({.source = c6, .destination = kAny6, .next_header = 50}).payload(30).build(),
          frame4({.source = c4, .destination = kNet4}).tcp({5005, 8080}).payload(1).build(),
          tagged(frame6({.source = c6, .destination = kNet6}).udp({5006, 27050}).build(),
                 {0x81, 0, 0, 7})};
}

std::vector<int> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    for (int i = 0; i < CPU_SETSIZE; i++)
      if (CPU_ISSET(size_t(i), &set)) cpus.push_back(i);
  return cpus;
}

void use_cpus(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int cpu : cpus) CPU_SET(size_t(cpu), &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) ADD_FAILURE() << "sched_setaffinity";
}

// Adds what the CPUs counted in entries 0..`entries` of a map whose values begin with the count.
void add_counts(int map, uint32_t entries, size_t value_size, std::vector<uint64_t>& by_cpu) {
  std::vector<uint64_t> copies(by_cpu.size() * value_size / sizeof(uint64_t));
  for (uint32_t i = 0; i < entries; i++) {
    if (bpf_map_lookup_elem(map, &i, copies.data()) != 0) ADD_FAILURE() << "read a counter";
    for (size_t cpu = 0; cpu < by_cpu.size(); cpu++)
      by_cpu[cpu] += copies[cpu * value_size / sizeof(uint64_t)];
  }
}

template <class Array>
uint64_t sum(const Array& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), uint64_t(0));
}

// How far `now` is from `before` and what was run since.
uint64_t distance(const Totals& now, const Totals& before, const Totals& run) {
  const auto off = [](uint64_t a, uint64_t b, uint64_t more) {
    return b + more > a ? b + more - a : a - b - more;
  };
  uint64_t n = off(now.sent, before.sent, run.sent) + off(now.passed, before.passed, run.passed) +
               off(now.replied, before.replied, run.replied);
  for (size_t i = 0; i < now.drops.size(); i++)
    n += off(now.drops[i], before.drops[i], run.drops[i]);
  for (size_t i = 0; i < now.by_cpu.size(); i++)
    n += off(now.by_cpu[i], before.by_cpu[i], run.by_cpu[i]);
  return n;
}

// The kernel loses tagged frames that end within two bytes behind the tag before anybody has them.
bool arrives(const Bytes& frame) {
  const uint16_t type = get16(frame, 12);
  return (type != 0x8100 && type != 0x88a8) || frame.size() >= 20;
}

std::string against(const Hostile& h, const Observed& o, bool reply) {
  if (h.why && o.reason != h.why) return fmt::format("not dropped for {}", kDropTexts[*h.why].name);
  if (!h.must) return "";
  const bool sent = o.fate == Fate::kSent;
  switch (*h.must) {
    case Must::kBeSent:
      return sent && !reply ? "" : "must be sent to a backend, and was " + to_string(o.fate);
    case Must::kBeAnswered:
      return sent && reply ? "" : "must be answered, and was " + to_string(o.fate);
    case Must::kPass:
      return o.fate == Fate::kPassed ? "" : "must be passed, and was " + to_string(o.fate);
    case Must::kBeDropped:
      return o.fate == Fate::kDropped ? "" : "must be dropped, and was " + to_string(o.fate);
    case Must::kNotBeSent:
      return sent ? "must not be sent, and was" : "";
  }
  return "";
}

}  // namespace

HostileRun::HostileRun(std::string name)
    : name_(std::move(name)), controls_(make_controls()), cpus_(usable_cpus()) {
  loaded_ = std::make_unique<Loaded>(worlds()[0].setup, Features{.replies_per_second = 1000000000});
}

HostileRun::~HostileRun() {
  use_cpus(cpus_);
}

void HostileRun::enter(const World& world) {
  if (!world_.empty()) leave();
  world_ = world.name;
  loaded_->publish(world.setup);
  oracle_.configure(world.setup.config, world.setup.next_hops, world.setup.macs);
  judge_.forget();
  before_ = counted();
  run_ = {.by_cpu = std::vector<uint64_t>(before_.by_cpu.size())};
  for (size_t i = 0; i < controls_.size(); i++) run_control();
}

// The next CPU's turn, now and then.
void HostileRun::take_turns() {
  const uint64_t n = frames_ + control_runs_;
  const int cpu = cpus_[n / kTurn % cpus_.size()];
  if (n % kTurn == 0) use_cpus({cpu});
  run_.by_cpu[size_t(cpu)]++;
}

Observed HostileRun::observe(const Bytes& frame) {
  take_turns();
  const Outcome run = loaded_->run(frame);
  Observed o = {fate_of(run.action), run.packet, {}};
  if (o.fate != Fate::kDropped) return o;
  const Counters now = read_counters(loaded_->dataplane(), 0).value();
  for (size_t i = 0; i < now.drops.size(); i++)
    if (now.drops[i] != last_.drops[i]) o.reason = sluice_drop_reason(i);
  last_ = now;
  return o;
}

void HostileRun::tally(const Observed& o) {
  aborted_ += o.fate == Fate::kAborted;
  run_.passed += o.fate == Fate::kPassed;
  run_.replied += o.fate == Fate::kSent && judge_.was_reply();
  run_.sent += o.fate == Fate::kSent && !judge_.was_reply();
  if (o.reason) run_.drops[*o.reason]++;
}

void HostileRun::wrong(const std::string& name, const Bytes& frame, const std::string& why) {
  if (wrong_ + controls_lost_ < kShown)
    ADD_FAILURE() << name_ << " in world " << world_ << ", " << name << ": " << why << "\n"
                  << scapy(frame);
}

void HostileRun::run_control() {
  const Bytes& frame = controls_[control_runs_ % controls_.size()];
  const Expectation e = oracle_.expect(frame);
  const Observed o = observe(frame);
  control_runs_++;
  const std::string why = judge_.judge(frame, o, e);
  tally(o);
  if (why.empty() && e.only_sent() && !judge_.was_reply()) return;
  wrong("a control", frame, why);
  controls_lost_++;
}

Observed HostileRun::run(const Hostile& h) {
  if (over_a_link() && !arrives(h.frame)) return {Fate::kPassed, h.frame, {}};
  const Expectation e = oracle_.expect(h.frame);
  const Observed o = observe(h.frame);
  frames_++;
  std::string why = judge_.judge(h.frame, o, e);
  tally(o);
  if (why.empty()) why = against(h, o, judge_.was_reply());
  if (!why.empty()) {
    wrong(h.name, h.frame, why);
    wrong_++;
  }
  run_control();
  return o;
}

Totals HostileRun::counted() {
  Dataplane& dp = loaded_->dataplane();
  const Counters c = loaded_->counters();
  Totals t = {.by_cpu = std::vector<uint64_t>(size_t(libbpf_num_possible_cpus())),
              .drops = c.drops,
              .replied = sum(c.replies),
              .passed = sum(c.passes)};
  for (const sluice_counter& m : c.members) t.sent += m.packets;
  add_counts(dp.drops_fd(), SLUICE_DROP_REASON_COUNT, sizeof(uint64_t), t.by_cpu);
  add_counts(dp.passes_fd(), SLUICE_PASS_REASON_COUNT, sizeof(uint64_t), t.by_cpu);
  add_counts(dp.replies_fd(), SLUICE_REPLY_REASON_COUNT, sizeof(uint64_t), t.by_cpu);
  add_counts(dp.member_stats_fd(), dp.capacity().members, sizeof(sluice_counter), t.by_cpu);
  return t;
}

void HostileRun::leave() {
  uncounted_ += distance(counted(), before_, run_);
}

void HostileRun::finish() {
  leave();
  fmt::print("hostile: {:<44} {:>7} frames: {} wrong, {} aborted, {} controls lost, {} uncounted\n",
             name_, frames_, wrong_, aborted_, controls_lost_, uncounted_);
  EXPECT_GT(frames_, 0u);
  EXPECT_EQ(wrong_, 0u);
  EXPECT_EQ(aborted_, 0u);
  EXPECT_EQ(controls_lost_, 0u);
  EXPECT_EQ(uncounted_, 0u);
}

bool over_a_link() {
  return carrier().needs_fate();
}

uint32_t stride() {
  return over_a_link() ? 251 : 1;
}

void check_hostile(const std::string& name,
                   const std::function<std::vector<Hostile>(size_t world)>& make) {
  HostileRun run(name);
  ASSERT_TRUE(run.ok());
  for (size_t i = over_a_link() ? worlds().size() - 1 : 0; i < worlds().size(); i++) {
    run.enter(worlds()[i]);
    for (const Hostile& h : make(i)) run.run(h);
  }
  run.finish();
}

void check_hostile(const std::string& name, const std::vector<Hostile>& frames) {
  check_hostile(name, [&](size_t) { return frames; });
}

}  // namespace sluice::test
