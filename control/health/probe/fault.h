// SPDX-License-Identifier: Apache-2.0
// Whose fault it is that a probe could not be made: the backend's (bad) or our own (unknown).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "health/probe/probe.h"

namespace sluice::health {

// When a socket reported an error. The same number means different things: "network is unreachable"
// is our own routing table's word if connect() says so, and a router's if it comes afterwards.
enum class Moment {
  kAsking,   // connect() or send() itself: our kernel could not send, or has been answered already
  kWaiting,  // the error came to the socket later: somebody answered, or nobody did
};

// kBad or kUnknown, for an errno value: what is in no table of ours is our own fault.
Answer answer_of(Moment moment, int error);

// The outcome of a call that failed so. `doing` ("connect") is told where it is our own fault.
Outcome failed(Moment moment, std::string_view doing, int error);
// The outcome of one that failed before anything could be sent (socket(), bind(), ...): unknown.
Outcome failed(const Error& error);

// "connection refused": as a part of a sentence.
std::string words_of(int error);

}  // namespace sluice::health
