// SPDX-License-Identifier: Apache-2.0
// FLOWS.md's rules 2 and 3 and the pure hash, slot by slot, in terms of backends.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flow/world.h"

namespace sluice::test {

class Reference {
 public:
  // `setting` is published in `world`. Says what is not as it must be there.
  std::optional<std::string> change(const Setting& setting, const World& world);

  // What the hash alone says.
  const Member& wanted(const Tuple& t) const;

  // All slots; those that are not in WINDOW are told apart by traffic alone.
  static std::vector<SlotSeen> slots(const World& world);

 private:
  bool has_slots(const Service& service, bool udp) const;

  struct Slot {
    bool window = false;
    Member wanted, current, previous;
    Time end = {};
    bool closed = false;  // by the last change
  };
  struct Rules {
    std::chrono::nanoseconds window;
    const std::set<IpAddress>& dead;
    Time now;
  };
  static void change_slot(Slot& slot, const Rules& rules, bool first);
  static std::optional<std::string> compare(Slot& slot, const SlotSeen& seen, const Rules& rules);

  std::map<SlotsKey, std::vector<Slot>> rings_;
};

}  // namespace sluice::test
