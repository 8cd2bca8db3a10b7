// SPDX-License-Identifier: Apache-2.0
// What many answers say together: who answered how often, and whether the weights explain it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "netns/http_client.h"

namespace sluice::netns {

using Weights = std::map<std::string, unsigned>;  // by backend name
// be<first> to be<last> of the standard lab, with equal weights.
Weights equal_weights(unsigned first, unsigned last);

struct Tally {
  size_t asked = 0;
  std::map<std::string, size_t> answered;  // by backend name
  std::map<std::string, size_t> failed;    // by reason
  milliseconds slowest{0};

  size_t failures() const;
  size_t answers() const { return asked - failures(); }
  size_t answers_of(const std::string& backend) const;
};

Tally tally(const std::vector<Answer>& answers);
std::vector<Answer> select(const std::vector<Answer>& answers,
                           const std::function<bool(const Answer&)>& wanted);

// The share of all new connections, 0 to 1, that `backend` should get.
double expected_share(const Weights& weights, const std::string& backend);

// Empty if the tally is what chance makes of these weights, else what speaks against it. Strangers
// and answers of a backend without weight always do; shares do by a chi-square test that a right
// balancer fails once in a million times.
std::string objection(const Tally& tally, const Weights& weights);

}  // namespace sluice::netns
