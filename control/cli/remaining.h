// SPDX-License-Identifier: Apache-2.0
// What backends would lose if their machine were switched off, and whether a wait for that, or for
// their return, is over. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "api/backend_documents.h"

namespace sluice::cli {

// "12 flows, 3 closing, 42.0 packets/s", "0 flows, no packet for 31s"
std::string remaining_text(const api::Remaining& r);
// What cannot be counted: "137 slots ... for 13m20s"; empty: there is nothing of the kind.
std::string unseen_text(const api::Remaining& r);
// Of several backends, as if they were one.
api::Remaining sum_of(const std::vector<api::PoolBackend>& backends);

enum class Goal {
  kNothingLeft,  // it gets no new flows, and none that it has would be missed
  kGetsFlows,
};
struct Judgement {
  enum Kind { kNotYet, kReached, kNever } kind = kNotYet;
  std::string why;  // of kNever, and where it is known of kNotYet
};
// `quiet`: a backend without remembered flows is taken for idle once no packet was sent to it for
// so long.
Judgement judge(const std::vector<api::PoolBackend>& backends, Goal goal,
                std::chrono::seconds quiet);

}  // namespace sluice::cli
