// SPDX-License-Identifier: Apache-2.0
// A loaded data plane: the verified programs and their maps, attached to nothing yet.
#pragma once

#include <memory>
#include <string>

#include "kernel/loaded_dataplane.h"
#include "kernel/mapping.h"
#include "kernel/objects.h"
#include "kernel/ring_table.h"
#include "kernel/table_pins.h"

namespace sluice {

// The 320 bits of hash key that a fleet's seed stands for (SHA-512 with a domain prefix).
sluice_hash_key hash_key_from_seed(std::string_view seed);

class Dataplane : public LoadedDataplane {
 public:
  // Makes the maps to fit `capacity` and loads a program for each of `hooks`. Nothing is attached
  // or pinned; the maps and the programs go with the object unless an attachment holds them. What
  // the kFlowMaps of `before` remember is remembered on, entry for entry, in the same tables where
  // they are of one size.
  static Result<std::unique_ptr<Dataplane>> load(const Capacity& capacity,
                                                 const sluice_hash_key& key,
                                                 const Features& features = {},
                                                 const std::set<Hook>& hooks = {Hook::kXdp},
                                                 const Objects* before = nullptr);
  // What pin() has left in a directory, of this capacity. Fails if it is not whole, or not of that.
  static Result<std::unique_ptr<Dataplane>> open(const std::string& directory,
                                                 const Capacity& capacity);
  // How what was opened had been loaded.
  void made_as(const sluice_hash_key& key, const Features& features) {
    objects_.made_as({capacity_, key, features});
  }
  // Pins everything in the directory, which is empty, and from now on what is published, too.
  Result<void> pin(const std::string& directory);
  // The directory of the pins has another name now.
  void moved(const std::string& directory) { pins_ = TablePins(directory); }
  // Programs for other features or hooks take the place of these, on the same tables. What is
  // attached runs on as it was: the caller exchanges it.
  Result<void> take_programs(Objects objects);
  const Objects& objects() const { return objects_; }

  const Capacity& capacity() const override { return capacity_; }
  // -1 where the hook was not asked for.
  int program_fd(Hook hook = Hook::kXdp) const { return objects_.program_fd(hook); }
  Programs programs() const override { return objects_.programs(); }
  Result<Counters> counters(uint32_t members) const override {
    return read_counters(*this, members);
  }
  FlowTables* flows() override { return &flows_; }
  int clock_fd() const { return objects_.map_fd("clock"); }
  int rings_fd() const { return objects_.map_fd("rings"); }
  int members_fd() const { return objects_.map_fd("members"); }
  int generation_fd() const { return objects_.map_fd("generation"); }
  int member_stats_fd() const { return objects_.map_fd("member_stats"); }
  int drops_fd() const { return objects_.map_fd("drops"); }
  int passes_fd() const { return objects_.map_fd("passes"); }
  int replies_fd() const { return objects_.map_fd("replies"); }
  // What became of the last packet on each CPU (struct sluice_fate), when loaded to explain.
  int fate_fd() const { return objects_.map_fd("fate"); }

  // What stands in the tables, for whoever has opened them.
  Result<GenerationBytes> generation() const;
  sluice_member member(uint32_t index) const;
  // Takes away what a killed daemon had put beside what is in force, or had not yet released.
  Result<void> release_others(const std::set<uint64_t>& rings, const std::set<uint64_t>& prefixes);

  void patch_mac(const PatchMac& patch) override;
  void patch_life(const PatchLife& patch) override;
  Result<void> put_members(std::span<const PutMember> members) override;
  Result<void> put_rings(std::span<const PutRing> rings) override;
  Result<void> put_prefixes(std::span<const PutPrefixes> tables) override;
  Result<void> swap_generation(const GenerationBytes& bytes) override;
  Result<void> release_rings(std::span<const uint32_t> numbers,
                             std::span<const uint32_t> spares) override;
  Result<void> release_prefixes(std::span<const uint32_t> numbers) override;

 private:
  Dataplane(const Capacity& capacity, Objects objects, Mapping members, FlowTables flows,
            size_t possible_cpus);
  Capacity capacity_;
  Objects objects_;
  Mapping members_;
  FlowTables flows_;
  RingTable rings_;
  size_t possible_cpus_;
  TablePins pins_;
  uint64_t generation_ = 0;  // the number of the one that is pinned
};

// The generation that packets meet: the one of those pinned whose id the map of maps has.
struct PinnedGeneration {
  uint64_t number;
  uint32_t size;  // bytes of its value
  UniqueFd table;
};
Result<PinnedGeneration> generation_in_force(const TablePins& pins);
// The ring that is pinned under a number, if it has so many slots.
Result<Ring> pinned_ring(const TablePins& pins, uint32_t number, uint32_t slots);

}  // namespace sluice
