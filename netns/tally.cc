// SPDX-License-Identifier: Apache-2.0
#include "netns/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace sluice::netns {
namespace {

// The value a chi-square variable exceeds once in a million times (Wilson and Hilferty, 1931).
double critical_chi_square(double degrees) {
  constexpr double kNormalQuantile = 4.753;
  const double v = 2 / (9 * degrees);
  return degrees * std::pow(1 - v + kNormalQuantile * std::sqrt(v), 3);
}

}  // namespace

Weights equal_weights(unsigned first, unsigned last) {
  Weights weights;
  for (unsigned number = first; number <= last; number++)
    weights["be" + std::to_string(number)] = 100;
  return weights;
}

size_t Tally::failures() const {
  size_t sum = 0;
  for (const auto& [reason, count] : failed) sum += count;
  return sum;
}

size_t Tally::answers_of(const std::string& backend) const {
  const auto found = answered.find(backend);
  return found == answered.end() ? 0 : found->second;
}

Tally tally(const std::vector<Answer>& answers) {
  Tally t;
  t.asked = answers.size();
  for (const Answer& a : answers) {
    if (a.error.empty())
      t.answered[a.backend]++;
    else
      t.failed[a.error]++;
    t.slowest = std::max(t.slowest, std::chrono::ceil<milliseconds>(a.done - a.sent));
  }
  return t;
}

std::vector<Answer> select(const std::vector<Answer>& answers,
                           const std::function<bool(const Answer&)>& wanted) {
  std::vector<Answer> selected;
  std::copy_if(answers.begin(), answers.end(), std::back_inserter(selected), wanted);
  return selected;
}

double expected_share(const Weights& weights, const std::string& backend) {
  double sum = 0;
  for (const auto& [name, weight] : weights) sum += weight;
  const auto found = weights.find(backend);
  return sum == 0 || found == weights.end() ? 0 : found->second / sum;
}

std::string objection(const Tally& tally, const Weights& weights) {
  for (const auto& [backend, count] : tally.answered)
    if (expected_share(weights, backend) == 0)
      return fmt::format("{} answered {} times and should not have", backend, count);
  if (tally.answers() == 0) return "nobody answered";
  double chi_square = 0, degrees = -1;
  for (const auto& [backend, weight] : weights) {
    const double expected = expected_share(weights, backend) * double(tally.answers());
    if (expected == 0) continue;
    chi_square += std::pow(double(tally.answers_of(backend)) - expected, 2) / expected;
    degrees++;
  }
  if (degrees < 1 || chi_square <= critical_chi_square(degrees)) return "";
  return fmt::format("the shares do not follow the weights (chi-square {:.1f}, at most {:.1f})",
                     chi_square, critical_chi_square(degrees));
}

}  // namespace sluice::netns
