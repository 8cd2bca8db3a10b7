// SPDX-License-Identifier: Apache-2.0
// What the keeper of the flow tables looks for on its rounds: FLOWS.md's rules 8 to 10. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/flow.h"
#include "plan/plan.h"

namespace sluice {

inline constexpr std::chrono::seconds kHalfOpenLifetime(30);
inline constexpr std::chrono::seconds kClosedLifetime(120);
// Packets under way may have seen the tables as they were before a change.
inline constexpr std::chrono::seconds kSweepGrace(1);

// One of a service's two rings.
struct SlotsKey {
  std::string service;
  bool udp;

  auto operator<=>(const SlotsKey&) const = default;
};

// The flows of one member.
struct MemberFlows {
  uint64_t living = 0;   // remembered, and neither side has begun to end them
  uint64_t closing = 0;  // a FIN or RST was seen
};

// What a whole round has found.
struct Sweep {
  Time began;
  std::map<SlotsKey, std::vector<bool>> disagree;  // as SlotScan's
  std::map<uint32_t, MemberFlows> members;         // by the numbers that entries name
  std::array<uint64_t, kFlowTables> entries = {};  // kept, by table
  uint64_t half_open = 0;
  std::array<uint64_t, kFlowTables> removed = {};
};

// Judges entries by what is live. To be made anew after each publication, also within a round.
class FlowJudge {
 public:
  // `drain` as in the configuration.
  FlowJudge(const Live& live, std::chrono::nanoseconds drain);

  // Is the entry over, or of no use? What is not is written down in `sweep`.
  bool is_over(const Flow& flow, Time now, Sweep& sweep) const;

  // The backend and service of an entry's member, or null if that is no more.
  const MemberKey* member_of(const sluice_flow_entry& entry) const;

 private:
  struct Row {
    uint32_t incarnation = 0;
    uint32_t life = SLUICE_LIFE_DEAD;
    MemberKey key;
  };
  enum class Agreement { kUseless, kAgrees, kDisagrees };
  bool is_idle(const Flow& flow, Time now) const;
  Agreement compare(const Flow& flow, const MemberKey& member, const Slots& slots,
                    bool remembers_all, std::vector<bool>& disagree) const;

  std::map<uint32_t, Row> rows_;                         // by number
  std::map<std::string, const ImageService*> services_;  // of live.image
  std::chrono::nanoseconds drain_;
};

// For how many rounds on end no entry has named a number.
class QuietNumbers {
 public:
  static constexpr uint32_t kEnough = 2;

  // Takes a whole round into account that began long enough after `published`, the last change.
  void add(const Sweep& sweep, const Live& live, Time published);
  // No flow has the number any more.
  bool is_quiet(uint32_t number) const;

 private:
  std::map<uint32_t, uint32_t> rounds_;
};

// `image` with those slots CLEAN that a round has found to be.
Image settle(const Image& image, const Sweep& sweep);

// Numbers that nobody has and no flow names become free.
void release_numbers(Live& live, const QuietNumbers& quiet);

}  // namespace sluice
