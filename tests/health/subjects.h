// SPDX-License-Identifier: Apache-2.0
// Targets, answers and configurations for tests of what judges them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "health/judge.h"

namespace sluice::health::test {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline const Time kStart{std::chrono::hours(1)};

inline IpAddress ip(const std::string& text) {
  return *IpAddress::parse(text);
}

inline Outcome good() {
  return {.answer = Answer::kGood, .text = "200 OK", .weight = {}};
}
inline Outcome silence() {
  return {.answer = Answer::kBad, .text = "no answer", .weight = {}};
}
inline Outcome refusal() {
  return {.answer = Answer::kBad, .text = "connection refused", .weight = {}, .replied = true};
}
inline Outcome unknown() {
  return {.answer = Answer::kUnknown, .text = "too many open files", .weight = {}};
}

inline BackendRef user(size_t n) {
  return {"web", fmt::format("be{}", n)};
}

// The only target of backend `n` of the pool "web".
inline Target target(size_t n, const Check& check = {}) {
  return {.id = n + 1,
          .backend = ip(fmt::format("198.51.{}.{}", 100 + n / 250, n % 250 + 1)),
          .check = check,
          .service = "shop",
          .vip = ip("192.0.2.10"),
          .users = {user(n)},
          .name = fmt::format("web/be{} tcp 80", n)};
}
inline std::vector<Target> targets(size_t count, const Check& check = {}) {
  std::vector<Target> all;
  for (size_t n = 0; n < count; n++) all.push_back(target(n, check));
  return all;
}

inline State state_of(const Judge& judge, size_t n) {
  return judge.verdicts().backends.at(user(n)).state;
}

inline Pool pool(size_t count) {
  Pool pool = {.name = "web", .backends = {}, .check = Check{}};
  for (const Target& t : targets(count))
    pool.backends.push_back({.name = t.users.front().backend, .address = t.backend, .forward = {}});
  return pool;
}

// The pool "web", and the service "shop" that uses it.
inline Config config(Pool pool) {
  Config config;
  config.services.push_back({.name = "shop",
                             .vips = {IpPrefix::of(ip("192.0.2.10"))},
                             .ports = {PortRange::one(80, 6)},
                             .pool = pool.name});
  config.pools.emplace(pool.name, std::move(pool));
  return config;
}

}  // namespace sluice::health::test
