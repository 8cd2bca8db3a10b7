// SPDX-License-Identifier: Apache-2.0
// What happens to backends: an operator's changes of the configuration, and deaths.
#pragma once

#include <string>

#include "flow/world.h"

namespace sluice::test {

enum class Change {
  kAdd,
  kRemove,
  kDrain,
  kReweigh,
  kUndo,  // back to the configuration before
  kKill,
  kRevive,
  kExchange,  // another pool
  kRewrap,    // another tunnel to a backend
  kTrack,     // adaptive tracking to always, and back
  kReload,    // a new data plane, with what the old one remembers of flows
};
inline constexpr size_t kChanges = 11;

class Operator {
 public:
  // Begins with about `backends` of them.
  Operator(uint32_t backends, bool always, std::chrono::seconds drain);

  const Setting& setting() const { return setting_; }
  // Makes it, `value` saying of whom. The words are for people.
  std::string change(Change what, uint32_t value);

 private:
  Pool& pool() { return setting_.config.pools[setting_.config.services[0].pool]; }
  std::string change_one(Change what, Backend& backend, uint32_t value);
  std::string add(uint32_t value);
  std::string remove(uint32_t value);
  std::string undo();
  std::string exchange(uint32_t value);
  std::string track(uint32_t value);
  std::string die(Change what, uint32_t value);

  Setting setting_;
  Config before_;
};

}  // namespace sluice::test
