// SPDX-License-Identifier: Apache-2.0
#include "cli/remaining.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/human.h"

namespace sluice::cli {

namespace {

std::string rate_text(double per_second) {
  if (per_second < 10) return fmt::format("{:.1f} packets/s", per_second);
  return human_count(uint64_t(std::llround(per_second))) + " packets/s";
}

// Nothing that is remembered talks, and nothing else can, or did for long enough.
bool is_nothing(const api::Remaining& r, std::chrono::seconds quiet) {
  if (!r.known || r.flows > 0) return false;
  return (r.slots == 0 && r.closing == 0) || r.quiet >= double(quiet.count());
}

Judgement judge_one(const api::PoolBackend& b, Goal goal, std::chrono::seconds quiet) {
  using enum Judgement::Kind;
  if (b.overrides.empty())
    return {kNever, name_of(b) + " is " + b.state +
                        ": the time of the override is over, or somebody has undone it"};
  if (goal == Goal::kGetsFlows) {
    if (b.weight > 0) return {kReached, ""};
    if (b.weight_configured == 0) return {kNever, "the file gives " + name_of(b) + " weight 0"};
    return {kNotYet, name_of(b) + " gets no new flows yet" +
                         (b.detail.empty() ? std::string() : ": " + b.detail)};
  }
  if (b.weight > 0) return {kNotYet, name_of(b) + " gets new flows yet"};
  if (!b.remaining.known)
    return {kNotYet, "sluiced does not know yet what is left of " + name_of(b)};
  return {is_nothing(b.remaining, quiet) ? kReached : kNotYet, ""};
}

}  // namespace

std::string remaining_text(const api::Remaining& r) {
  if (!r.known) return "not known";
  std::string out = counted(r.flows, "flow");
  if (r.closing > 0) out += fmt::format(", {} closing", r.closing);
  if (r.packets_per_second > 0) return out + ", " + rate_text(r.packets_per_second);
  return out + ", no packet for " + human_duration(r.quiet);
}

std::string unseen_text(const api::Remaining& r) {
  if (!r.known || r.slots == 0) return "";
  std::string out =
      counted(r.slots, "slot") + " may yet have flows that have been silent and are in no table";
  if (r.window_ends_in > 0) out += ", for " + human_duration(r.window_ends_in);
  return out;
}

api::Remaining sum_of(const std::vector<api::PoolBackend>& backends) {
  api::Remaining sum = {.known = !backends.empty(), .quiet = HUGE_VAL};
  for (const api::PoolBackend& b : backends) {
    const api::Remaining& r = b.remaining;
    sum.known = sum.known && r.known;
    sum.flows += r.flows;
    sum.closing += r.closing;
    sum.slots += r.slots;
    sum.window_ends_in = std::max(sum.window_ends_in, r.window_ends_in);
    sum.packets += r.packets;
    sum.packets_per_second += r.packets_per_second;
    sum.quiet = std::min(sum.quiet, r.quiet);
  }
  return sum;
}

// One that never gets there decides, then one that has not yet.
Judgement judge(const std::vector<api::PoolBackend>& backends, Goal goal,
                std::chrono::seconds quiet) {
  Judgement worst = {Judgement::kReached, ""};
  for (const api::PoolBackend& b : backends) {
    Judgement one = judge_one(b, goal, quiet);
    if (one.kind == Judgement::kNever) return one;
    if (one.kind == Judgement::kNotYet && (worst.kind == Judgement::kReached || worst.why.empty()))
      worst = std::move(one);
  }
  return worst;
}

}  // namespace sluice::cli
