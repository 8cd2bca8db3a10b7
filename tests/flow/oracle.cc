// SPDX-License-Identifier: Apache-2.0
#include "flow/oracle.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::test {

namespace {

using std::chrono::seconds;

// FLOWS.md's promises, written down once more.
constexpr seconds kHalfOpen(30), kClosed(120), kDatagrams(120);

}  // namespace

std::string name_of(const Member& member) {
  return member ? member->to_string() : "nobody";
}

Oracle::Oracle(const std::vector<bool>& tcp, std::chrono::nanoseconds drain)
    : flows_(tcp.size()), drain_(drain) {
  for (size_t i = 0; i < tcp.size(); i++) flows_[i].tcp = tcp[i];
}

std::chrono::nanoseconds Oracle::limit(const Client& c) const {
  if (!c.tcp) return std::min<std::chrono::nanoseconds>(drain_, kDatagrams);
  if (c.phase == Phase::kHalfOpen) return std::min<std::chrono::nanoseconds>(drain_, kHalfOpen);
  if (c.phase == Phase::kClosing) return std::min<std::chrono::nanoseconds>(drain_, kClosed);
  return drain_;
}

bool Oracle::is_living(size_t flow, Time now) const {
  const Client& c = flows_[flow];
  if (c.phase == Phase::kGone || now - c.seen >= limit(c)) return false;
  return !c.reset || now - *c.reset < kClosed;
}

void Oracle::begin(Client& c, const Member& at, Time now) {
  c.phase = c.tcp ? Phase::kHalfOpen : Phase::kOpen;
  if (!at) c.phase = Phase::kGone;
  c.owner = at;
  c.seen = now;
  c.reset.reset();
}

// A RST may be forged: it says nothing about when the flow was there.
void Oracle::go_on(Client& c, Sent sent, Time now) {
  if (sent == Sent::kRst) {
    c.reset = now;
    return;
  }
  c.reset.reset();
  c.seen = now;
  if (sent == Sent::kFin)
    c.phase = Phase::kClosing;
  else if (sent != Sent::kSyn && c.phase == Phase::kHalfOpen)
    c.phase = Phase::kOpen;
}

std::optional<std::string> Oracle::saw(size_t flow, Sent sent, const Member& at, Time now) {
  Client& c = flows_[flow];
  const bool living = is_living(flow, now);
  const bool reopens = sent == Sent::kSyn && (c.phase == Phase::kClosing || c.reset);
  if (sent != Sent::kError && (!living || reopens)) {
    if (sent == Sent::kSyn || !c.tcp) begin(c, at, now);
    return std::nullopt;
  }
  std::optional<std::string> wrong;
  if (living && c.owner && c.owner != at)
    wrong = fmt::format("{} of flow {} went to {}, and {} has it", name_of(sent), flow, name_of(at),
                        name_of(c.owner));
  if (sent == Sent::kError) return wrong;
  if (!c.owner) c.owner = at;
  go_on(c, sent, now);
  return wrong;
}

void Oracle::kill(const IpAddress& backend) {
  for (Client& c : flows_) {
    if (c.owner != backend) continue;
    c.owner.reset();
    if (c.tcp) c.phase = Phase::kGone;
  }
}

}  // namespace sluice::test
