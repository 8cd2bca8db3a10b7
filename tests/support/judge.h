// SPDX-License-Identifier: Apache-2.0
// Is what became of a frame what must become of it, and is everything that was sent well formed? An
// empty answer means yes; else it says what is wrong.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "abi/drop_reason.h"
#include "support/oracle.h"

namespace sluice::test {

// What became of a frame, whatever hook it came by.
enum class Fate { kSent, kPassed, kDropped, kAborted };
std::string to_string(Fate fate);

struct Observed {
  Fate fate;
  Bytes packet;                              // of what was sent or passed
  std::optional<sluice_drop_reason> reason;  // of a drop
};

// What went to a backend: `frame` is what came in. The outer headers are in order (lengths,
// checksums, TTL, addresses, the tunnel's own), what they carry is the client's packet bit for bit,
// and it fits the way out.
std::string check_encapsulation(const Bytes& frame, const Bytes& sent, const Target& target);

// The answer to an echo request, whose checksums are right where the request's were. (Damage must
// not be hidden.)
std::string check_echo(const Bytes& frame, const Bytes& sent);

// "Fragmentation needed" or "packet too big", telling `mtu` or another of `told`.
std::string check_too_big(const Bytes& frame, const Bytes& sent, const std::set<size_t>& told);

// The reset that a host without a listener answers, and no more than that.
std::string check_reset(const Bytes& frame, const Bytes& sent);

// Remembers which backend each flow was seen at.
class Judge {
 public:
  // Empty: all is well.
  std::string judge(const Bytes& frame, const Observed& observed, const Expectation& expected);
  // Whether the last frame that was sent was an answer of the balancer's own.
  bool was_reply() const { return was_reply_; }
  // Another set of backends.
  void forget() { flows_.clear(); }

 private:
  std::string judge_sent(const Bytes& frame, const Bytes& sent, const Expectation& expected);
  std::string judge_flow(const std::string& flow, const Target& target);
  std::map<std::string, std::string> flows_;
  bool was_reply_ = false;
};

}  // namespace sluice::test
