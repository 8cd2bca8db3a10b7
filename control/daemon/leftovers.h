// SPDX-License-Identifier: Apache-2.0
// What there is yet of backends that are being emptied. Pure.
//
// When a whole site goes down there are ten thousand of them, on a thousand services with rings of
// 65537 slots: each ring is gone through once, and retired numbers are, whoever is asked about.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/backend_documents.h"
#include "model/config.h"
#include "plan/plan.h"
#include "plan/sweep.h"

namespace sluice {

class Leftovers {
 public:
  // Both must outlive it, and be left as they are.
  Leftovers(const Config& config, const Live& live);

  // By name, those that use the pool.
  const std::vector<std::string>& services_of(const std::string& pool) const;
  // The numbers that flows of the backend may have, of all these services.
  std::vector<uint32_t> numbers_of(const std::string& pool, const IpAddress& backend) const;
  // What slots and flow tables say of it; `sweep`, the last whole round, may be null. Nothing of
  // traffic.
  api::Remaining remaining_of(const std::string& pool, const IpAddress& backend, const Sweep* sweep,
                              Time now);

 private:
  // Of one backend in one ring: the slots that would send it a packet, and when the last of its
  // windows ends.
  struct SlotsLeft {
    uint64_t slots = 0;
    std::optional<Time> end;
  };
  const std::map<IpAddress, SlotsLeft>& left_in(const Slots& slots);

  const Live& live_;
  std::map<std::string, std::vector<std::string>> services_;  // by pool
  std::map<std::pair<std::string, IpAddress>, std::vector<uint32_t>> retired_;
  std::map<const Slots*, std::map<IpAddress, SlotsLeft>> left_;  // filled as they are needed
};

}  // namespace sluice
