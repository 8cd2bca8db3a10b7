// SPDX-License-Identifier: Apache-2.0
// sluice-agent's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "abi/agent_abi.h"
#include "agent/prefix.h"
#include "base/ip_address.h"
#include "model/config.h"

namespace sluice::agent {

// Where the data plane is pinned.
struct Place {
  std::string instance = "default";
  std::string bpffs = "/sys/fs/bpf";
};

// A UDP port whose packets are in a tunnel.
struct TunnelPort {
  uint16_t port = 0;
  sluice_agent_tunnel kind = SLUICE_AGENT_TUNNEL_FOU;

  auto operator<=>(const TunnelPort&) const = default;
};

// What `run` is to do. Lists are sorted and without repetition.
struct Settings {
  std::vector<std::string> interfaces;
  std::vector<IpAddress> vips;
  std::vector<Prefix> allowed;
  std::vector<IpAddress> locals;  // empty: all addresses of the host, as they come and go
  std::vector<TunnelPort> ports;  // each port once
  AttachMode mode = AttachMode::kAuto;
  std::optional<uint16_t> mss;  // the largest that VIPs ask for; 0: from the interface's MTU
};

struct Options {
  enum class Verb { kRun, kStatus, kUnload };
  Verb verb = Verb::kRun;
  Place place;
  Settings settings;  // of run
  bool verbose = false;
  bool json = false;  // of status
};

// The options, or the exit status of a run that ends here (help: 0, bad usage: 2; said already).
std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace sluice::agent
