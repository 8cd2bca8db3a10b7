// SPDX-License-Identifier: Apache-2.0
// The loaded BPF objects of a data plane: a verified program for each hook, on one set of maps.
#pragma once

#include <memory>
#include <set>

#include "abi/flow_hash.h"
#include "base/result.h"
#include "kernel/hook.h"
#include "plan/capacity.h"

namespace sluice {

// What the programs are able to do: load-time constants, so that the rest is not even there.
struct Features {
  bool prefixes = true;                // VIPs that are prefixes
  bool port_ranges = true;             // services on port ranges
  bool tracking = true;                // services that remember flows
  bool fake_clock = false;             // the time is what tests say
  bool explain = false;                // write down each packet's fate
  uint32_t replies_per_second = 1000;  // answers of its own, on each CPU

  bool operator==(const Features&) const = default;
};

class Objects {
 public:
  // Makes the maps to fit `capacity`, loads and verifies a program for each of `hooks` (at least
  // one) against them. The flow tables are those of `before`, if it has them of that size. On a
  // verifier error the message has the log's last lines.
  static Result<Objects> load(const Capacity& capacity, const sluice_hash_key& key,
                              const Features& features, const std::set<Hook>& hooks,
                              const Objects* before = nullptr);
  Objects(Objects&&) noexcept;
  Objects& operator=(Objects&&) noexcept;
  ~Objects();

  // -1 where the hook was not asked for. The descriptors are this object's.
  int program_fd(Hook hook) const;
  // `name` as in dataplane/maps.bpf.h.
  int map_fd(const char* name) const;

 private:
  struct Loaded;
  explicit Objects(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace sluice
