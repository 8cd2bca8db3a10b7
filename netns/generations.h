// SPDX-License-Identifier: Apache-2.0
// Two configurations of the standard lab that have nothing in common, and how numbered packets tell
// which of them they went by.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "netns/numbered_ledger.h"
#include "netns/numbered_sender.h"
#include "netns/numbered_sink.h"
#include "netns/topology.h"

namespace sluice::netns {

// They have no backend, no tunnel and no outer address family in common. As numbers they are the
// ledger's groups.
enum class Generation : unsigned { kA = 1, kB = 2 };

constexpr Generation other(Generation g) {
  return g == Generation::kA ? Generation::kB : Generation::kA;
}

// Of the topology, which has two VIPs: three for each of them in each generation.
inline constexpr unsigned kGenerationBackends = 12;

// What the configuration file says.
struct Shown {
  Generation generation = Generation::kA;
  bool range = false;  // a service on a range of ports as well, for which another program is needed
};

// Of the balancer's interface, as the file has it.
struct Attachment {
  std::string mode = "native";
  bool share = false;
};

// The file's text: a service on port 9 of each VIP. Nothing is tracked, so that every packet shows
// the generation it was forwarded by.
std::string generation_config(Topology& topology, const Shown& shown, const Attachment& attachment);

// Attaches the sink to all backends, with a mark for each way of both generations.
Result<MarkGroups> attach_sink(Topology& topology, NumberedSink& sink);

// Sends to both VIPs from the router; 0: as fast as it goes.
Result<std::unique_ptr<NumberedSender>> send_numbered(Topology& topology, NumberedSink& sink,
                                                      unsigned per_second);

}  // namespace sluice::netns
