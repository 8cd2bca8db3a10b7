// SPDX-License-Identifier: Apache-2.0
// What a run does, and how much of it: decided before anything is measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

inline constexpr const char* kSections[] = {"cost", "changes", "latency", "pressure", "scaling"};

struct Plan {
  std::vector<std::string> sections;  // of kSections, in their order
  // cost
  int rounds = 0, attempts = 0;
  uint64_t packets = 0;
  uint32_t flows = 0;
  // changes, latency: how often each is done; pauses are tenths of a second of nothing
  unsigned pauses = 0, backend_changes = 0, replacements = 0, restarts = 0;
  // latency: packets a second, and the flows that they are of
  unsigned load = 0, load_flows = 0;
  // pressure: established flows, and how long the flood lasts
  unsigned flows_kept = 0, flood_seconds = 0;
  // scaling: sizes of each curve, and samples of each point
  std::vector<unsigned> cpus, services, backends, prefixes, change_services;
  std::vector<uint32_t> flow_sets;  // powers of two
  int samples = 0;

  bool has(const std::string& section) const;
};

// The quick one is for minutes, the full one for an hour, on two CPUs. `only`: these sections;
// empty: all.
Plan plan_of(bool quick, const std::vector<std::string>& only);

}  // namespace sluice::bench
