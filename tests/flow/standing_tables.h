// SPDX-License-Identifier: Apache-2.0
// A data plane's tables, rewritten where they stand.
//
// What publishing really does, putting a new map in the place of an old one, waits for a grace
// period of RCU: some milliseconds each time, and a property takes thousands of publications. No
// packet is under way in these tests that could see a table half written.
#pragma once

#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "kernel/dataplane.h"
#include "kernel/table_store.h"

namespace sluice::test {

class StandingTables : public TableStore {
 public:
  static constexpr uint32_t kRings = 32;  // numbers 1..

  // `dataplane` outlives this object.
  static Result<std::unique_ptr<StandingTables>> make(Dataplane& dataplane);

  // No member, ring or generation is there any more.
  void clear();

  void patch_mac(const PatchMac& patch) override { dataplane_.patch_mac(patch); }
  void patch_life(const PatchLife& patch) override { dataplane_.patch_life(patch); }
  Result<void> put_members(std::span<const PutMember> members) override {
    return dataplane_.put_members(members);
  }
  Result<void> put_rings(std::span<const PutRing> rings) override;
  Result<void> put_prefixes(std::span<const PutPrefixes> tables) override {
    return dataplane_.put_prefixes(tables);
  }
  Result<void> swap_generation(const GenerationBytes& bytes) override;
  // A number that nothing names may stand for anything.
  Result<void> release_rings(std::span<const uint32_t>, std::span<const uint32_t>) override {
    return {};
  }
  Result<void> release_prefixes(std::span<const uint32_t> numbers) override {
    return dataplane_.release_prefixes(numbers);
  }

 private:
  explicit StandingTables(Dataplane& dataplane) : dataplane_(dataplane) {}
  size_t members_size() const;
  Dataplane& dataplane_;
  std::vector<Mapping> rings_;  // by number, from 1
  UniqueFd generation_;
  Mapping members_;
};

}  // namespace sluice::test
