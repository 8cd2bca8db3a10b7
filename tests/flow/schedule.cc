// SPDX-License-Identifier: Apache-2.0
#include "flow/schedule.h"

#include <algorithm>
#include <random>

namespace sluice::test {

namespace {

using std::chrono::milliseconds;

using Random = std::mt19937_64;

uint32_t below(Random& random, uint32_t n) {
  return uint32_t(random() % n);
}

bool suits(const Profile& p, uint32_t flow) {
  const uint32_t kind = flow % 8;  // as Traffic has them
  const bool udp = kind >= 2 && kind <= 4;
  return udp ? p.udp : p.tcp;
}

// How a schedule's time goes: mostly in steps of up to `usual`, now and then in longer ones.
struct Pace {
  uint32_t usual;  // ms
  uint32_t drain;  // ms

  milliseconds next(Random& random) const {
    const uint32_t roll = below(random, 100);
    if (roll < 30) return milliseconds(below(random, 50));
    if (roll < 97) return milliseconds(below(random, usual + 1));
    return milliseconds(below(random, drain + drain / 4 + 1));
  }
};

// A sweeper that keeps up, one that is late, or one that does not come.
Weights<5> acts_of(const Profile& p, Random& random) {
  Weights<5> acts = p.acts;
  constexpr uint32_t kPace[] = {0, 1, 4, 12, 40};  // quarters
  uint32_t& sweeps = acts[size_t(Act::kSweep)];
  uint32_t& timers = acts[size_t(Act::kTimer)];
  sweeps = sweeps * kPace[below(random, 5)] / 4;
  timers = timers * kPace[below(random, 5)] / 4;
  return acts;
}

std::vector<Op> random_ops(const Profile& p, std::chrono::seconds drain, Random& random) {
  const Weights<5> acts = acts_of(p, random);
  const uint32_t ms = uint32_t(milliseconds(drain).count());
  const Pace pace = {.usual = std::max(ms, 1000u) / (10 + below(random, 300)), .drain = ms};
  std::vector<Op> ops;
  milliseconds at(0);
  for (uint32_t i = 0; i < p.operations; i++) {
    at += pace.next(random);
    const Act act = Act(pick(acts, uint32_t(random())));
    uint32_t what = uint32_t(random() >> 16);
    if (act == Act::kChange) what = uint32_t(pick(p.changes, what));
    ops.push_back({at, act, what, uint32_t(random() >> 16)});
  }
  return ops;
}

}  // namespace

Schedule random_schedule(const Profile& p, uint64_t seed) {
  Random random(seed);
  Schedule s = {.seed = seed,
                .drain = std::chrono::seconds(p.drains[random() % p.drains.size()]),
                .backends = 1 + below(random, 6),
                .always = below(random, 10) < p.always_in_10,
                .flows = {},
                .ops = {}};
  while (s.flows.size() < p.flows) {
    const uint32_t flow = below(random, Traffic::kFlows);
    const bool is_new = std::find(s.flows.begin(), s.flows.end(), flow) == s.flows.end();
    if (is_new && suits(p, flow)) s.flows.push_back(flow);
  }
  s.ops = random_ops(p, s.drain, random);
  return s;
}

Schedule with_other_traffic(const Schedule& s, const Profile& profile, uint64_t seed) {
  Random random(seed);
  Schedule out = s;
  std::erase_if(out.ops, [](const Op& op) { return op.act != Act::kChange; });
  for (const Op& op : random_ops(profile, s.drain, random))
    if (op.act != Act::kChange) out.ops.push_back(op);
  std::stable_sort(out.ops.begin(), out.ops.end(),
                   [](const Op& a, const Op& b) { return a.at < b.at; });
  return out;
}

// Takes out runs of operations, ever shorter ones.
Schedule shrink(Schedule s, const std::function<bool(const Schedule&)>& is_wrong) {
  for (size_t length = std::max<size_t>(s.ops.size() / 2, 1); length > 0; length /= 2)
    for (size_t at = 0; at < s.ops.size();) {
      Schedule less = s;
      const size_t end = std::min(at + length, s.ops.size());
      less.ops.erase(less.ops.begin() + ptrdiff_t(at), less.ops.begin() + ptrdiff_t(end));
      if (is_wrong(less))
        s = std::move(less);
      else
        at += length;
    }
  return s;
}

}  // namespace sluice::test
