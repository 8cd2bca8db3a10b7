// SPDX-License-Identifier: Apache-2.0
// The loaded BPF objects of a data plane: a verified program for each hook, on one set of maps.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "abi/flow_hash.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/hook.h"
#include "plan/capacity.h"

struct bpf_object;
struct bpf_program;

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

// What a program is made for, and with.
struct Making {
  Capacity capacity;
  sluice_hash_key key;
  Features features;
};

// What of another data plane's maps a new one goes on with.
enum class Inherit {
  kFlows,  // the flow tables, where they are of one size
  kAll,    // every map: the same tables under other programs; capacity and key must be the same
};

// The programs that are pinned in a directory, whatever else is.
struct PinnedPrograms {
  std::array<UniqueFd, 2> fds;  // by Hook

  // -1 where there is none.
  Programs get() const { return {fds[size_t(Hook::kXdp)].get(), fds[size_t(Hook::kTc)].get()}; }
};
Result<PinnedPrograms> open_programs(const std::string& directory);

// The maps that hold what is remembered of flows.
inline constexpr std::array kFlowMaps = {"flows_new", "flows_adopted", "doorkeeper", "half_open",
                                         "flow_events"};

class Objects {
 public:
  // Makes the maps to fit `capacity`, loads and verifies a program for each of `hooks` (at least
  // one) against them, but for maps that `before` (null: nobody) has. On a verifier error the
  // message has the log's last lines.
  static Result<Objects> load(const Capacity& capacity, const sluice_hash_key& key,
                              const Features& features, const std::set<Hook>& hooks,
                              const Objects* before = nullptr, Inherit inherit = Inherit::kFlows);
  // What pin() has pinned in a directory: with every map that this build knows, and at least one
  // program, or not at all.
  static Result<Objects> open(const std::string& directory);
  // No more than kFlowMaps, of a build whose other maps are laid out in another way.
  static Result<Objects> open_flows(const std::string& directory);
  // How the programs of open() were made, for programs() to be able to open one again.
  void made_as(const Making& making) { making_ = making; }
  // Pins every map and every program in the directory, under names that are free.
  Result<void> pin(const std::string& directory) const;
  // Pins the programs in the place of those that are pinned there.
  Result<void> repin_programs(const std::string& directory) const;

  // -1 where there is none. The descriptors are this object's.
  int program_fd(Hook hook) const { return programs_[size_t(hook)].get(); }
  // All of them, to be used while this object is there.
  Programs programs() const;
  // `name` as in dataplane/maps.bpf.h.
  int map_fd(const std::string& name) const;

 private:
  Objects() = default;
  Result<void> open_maps(const std::string& directory, const std::vector<std::string>& names);
  Result<void> take_maps(const bpf_object& object);
  Result<void> take_program(Hook hook, const bpf_program& program);
  Result<OpenedProgram> reopen_xdp() const;

  std::optional<Making> making_;
  std::map<std::string, UniqueFd> maps_;
  std::array<UniqueFd, 2> programs_;  // by Hook
};

}  // namespace sluice
