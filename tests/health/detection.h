// SPDX-License-Identifier: Apache-2.0
// What becomes of backends that fail and recover, by the prober and the judge as the daemon joins
// them.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "health/probe/probe.h"
#include "model/check.h"

namespace sluice::health {

// One thing that goes wrong with one backend.
struct Fault {
  std::string name;
  decltype(Check::probe) probe;
  Way way;
  // Make it and end it. Of several in one test those that take long to end come first.
  std::function<void()> begin = [] {}, end = [] {};
  std::optional<Way> instead = {};  // meanwhile another server is asked
  // What the last answer says with which the backend goes down, and with which it comes up.
  ::testing::Matcher<const std::string&> bad, good;
};

// How all of them are asked. `timeout` leaves a healthy server time on a busy machine.
constexpr std::chrono::milliseconds kEvery{200}, kTimeout{150};
constexpr uint32_t kFall = 3, kRise = 2;

// What a busy machine may add to what is promised: one round that is left out because the prober's
// thread got no CPU for 100 ms (schedule.h), and the way of the last answer to the judge.
constexpr std::chrono::milliseconds kSlack = kEvery + std::chrono::milliseconds(50);

// Begins all faults while the backends are asked, waits until all are down, ends the faults and
// waits until all are up. Fails the test if a backend is
// - not down `fall` x `every` + `timeout` after its fault began, or down before `fall` answers to
//   rounds were bad, one after the other;
// - not up `rise` x `every` + `timeout` after its fault ended, or up before `rise` were good;
// - judged for another reason, or again, or without a fault at all. One more, that stays well and
//   is asked on the same thread, has to be up all the time.
void expect_detection(const std::string& kind, std::vector<Fault> faults);

}  // namespace sluice::health
