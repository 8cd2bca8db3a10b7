// SPDX-License-Identifier: Apache-2.0
// What the API says about backends as such, whichever services they are members of: the documents
// of /v1/backends and /v1/nodes.
//
// The same promises as in documents.h.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/documents.h"

namespace sluice::api {

#define SLUICE_DOCUMENT NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT

// What a backend would lose if its machine were switched off now, of all its pools' services.
//
// Flows that have been silent since the backend's slots changed hands are in no table yet, and
// cannot be counted: `slots`, `window_ends_in` and `quiet` say whether there may be any.
struct Remaining {
  bool known = false;         // false: nothing below means anything
  uint64_t flows = 0;         // remembered, half-open or established
  uint64_t closing = 0;       // remembered, and a FIN or RST was seen
  uint64_t slots = 0;         // of rings, that would still send a packet to it
  double window_ends_in = 0;  // seconds until the last of them has given it up; 0: no end is known
  uint64_t packets = 0;       // sent to it
  double packets_per_second = 0;  // lately
  double quiet = 0;               // seconds, at least, without a packet to it

  bool operator==(const Remaining&) const = default;
};
SLUICE_DOCUMENT(Remaining, known, flows, closing, slots, window_ends_in, packets,
                packets_per_second, quiet)

struct CheckOutcome {
  std::string answer;  // "good", "bad" or "unknown" (the checker's own fault)
  std::string output;  // one line
  double ago = 0;      // seconds

  bool operator==(const CheckOutcome&) const = default;
};
SLUICE_DOCUMENT(CheckOutcome, answer, output, ago)

// How a backend is asked, and what it said.
struct CheckState {
  std::string rule;            // in words; empty: nobody asks
  std::string via;             // "tunnel" or "direct"
  std::string to;              // the address that is asked: a VIP, or the backend's own
  uint16_t port = 0;           // 0: the kind has none
  uint32_t rise = 0;           // good answers in a row that bring it up
  uint32_t fall = 0;           // bad ones that take it down
  uint32_t good_in_a_row = 0;  // now
  uint32_t bad_in_a_row = 0;
  double hold_down = 0;          // seconds that the flows of a backend found down are kept
  double hold_down_ends_in = 0;  // 0: it is not down, or dead already
  double held_for_flapping_in =
      0;                           // seconds that it stays down whatever it answers; 0: it may rise
  std::vector<CheckOutcome> last;  // newest first

  bool operator==(const CheckState&) const = default;
};
SLUICE_DOCUMENT(CheckState, rule, via, to, port, rise, fall, good_in_a_row, bad_in_a_row, hold_down,
                hold_down_ends_in, held_for_flapping_in, last)

// A backend in its pool. GET /v1/backends/POOL/BACKEND; GET /v1/nodes/ADDRESS is an array of these.
struct PoolBackend {
  std::string pool;
  std::string backend;
  std::string address;
  // What holds: "up", "down" (no new flows, those it has are kept for a while), "dead" (they are
  // lost), "unknown" (nothing is known yet), "unchecked"; or what an override makes of it:
  // "drained", "disabled", "ready-forced".
  std::string state;
  std::string since;     // RFC 3339, UTC
  double state_age = 0;  // seconds
  std::string verdict;   // what the checks alone say: one of the first five
  uint32_t weight = 0;   // now; 0: it gets no new flows
  uint32_t weight_configured = 0;
  std::string output;  // of the last check; one line
  std::string detail;  // why the weight is not the configured one; empty: nothing to add
  std::vector<Override> overrides;    // of it and of its address; the first one counts
  Remaining remaining;                // not known of one that gets new flows
  std::vector<std::string> services;  // that use its pool
  std::vector<std::string> also;      // other backends of its address that get packets
  CheckState check;                   // not in GET /v1/backends

  bool operator==(const PoolBackend&) const = default;
};
SLUICE_DOCUMENT(PoolBackend, pool, backend, address, state, since, state_age, verdict, weight,
                weight_configured, output, detail, overrides, remaining, services, also, check)

// GET /v1/backends?pool=NAME
struct BackendList {
  std::vector<PoolBackend> backends;  // by pool, in the order of the file
  std::vector<Override> overrides;    // all of them, or those that mean backends of the pool
  std::string overrides_trouble;      // as in Status

  bool operator==(const BackendList&) const = default;
};
SLUICE_DOCUMENT(BackendList, backends, overrides, overrides_trouble)

// POST /v1/backends/POOL/BACKEND and /v1/nodes/ADDRESS
struct Overridden {
  bool changed = false;               // false: it was so already
  std::vector<PoolBackend> backends;  // that it means, as they are now
  std::string trouble;  // why it will not survive a restart of sluiced; empty: it will

  bool operator==(const Overridden&) const = default;
};
SLUICE_DOCUMENT(Overridden, changed, backends, trouble)

#undef SLUICE_DOCUMENT

// "pool/backend"
inline std::string name_of(const PoolBackend& b) {
  return b.pool + "/" + b.backend;
}

}  // namespace sluice::api
