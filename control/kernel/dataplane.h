// SPDX-License-Identifier: Apache-2.0
// A loaded data plane: the verified XDP program and its maps, attached to nothing yet.
#pragma once

#include <memory>
#include <string>

#include "abi/flow_hash.h"
#include "kernel/table_store.h"
#include "plan/capacity.h"

namespace sluice {

// The 320 bits of hash key that a fleet's seed stands for (SHA-512 with a domain prefix).
sluice_hash_key hash_key_from_seed(std::string_view seed);

// What the program is able to do: load-time constants, so that the rest is not even there.
struct Features {
  bool prefixes = true;                // VIPs that are prefixes
  bool port_ranges = true;             // services on port ranges
  bool explain = false;                // write down each packet's fate
  uint32_t replies_per_second = 1000;  // answers of its own, on each CPU

  bool operator==(const Features&) const = default;
};

class Dataplane : public TableStore {
 public:
  // Makes the maps to fit `capacity`, loads and verifies the program against them. Nothing is
  // attached or pinned; the maps and the program go with the object unless an attachment holds
  // them. On a verifier error the message has the log's last lines.
  static Result<std::unique_ptr<Dataplane>> load(const Capacity& capacity,
                                                 const sluice_hash_key& key,
                                                 const Features& features = {});
  ~Dataplane() override;

  const Capacity& capacity() const { return capacity_; }
  int program_fd() const;
  int member_stats_fd() const;
  int drops_fd() const;
  int passes_fd() const;
  int replies_fd() const;
  // What became of the last packet on each CPU (struct sluice_fate), when loaded to explain.
  int fate_fd() const;

  void patch_mac(const PatchMac& patch) override;
  Result<void> put_members(std::span<const PutMember> members) override;
  Result<void> put_rings(std::span<const PutRing> rings) override;
  Result<void> put_prefixes(std::span<const PutPrefixes> tables) override;
  Result<void> swap_generation(const GenerationBytes& bytes) override;
  Result<void> release_rings(std::span<const uint32_t> numbers) override;
  Result<void> release_prefixes(std::span<const uint32_t> numbers) override;

 private:
  struct Loaded;  // the skeleton and the mapped members
  Dataplane(const Capacity& capacity, std::unique_ptr<Loaded> loaded);
  Capacity capacity_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace sluice
