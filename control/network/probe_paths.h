// SPDX-License-Identifier: Apache-2.0
// Where probes of a VIP come from, and whether they and their answers get through this host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "network/netlink.h"

namespace sluice {

// A probe to the VIP, by the tunnel of this backend.
struct ProbeEnds {
  IpAddress vip, backend;
};

struct ProbePath {
  IpAddress source;  // an address of this host, that answers come back to
  // Why this host may drop the answers: of what the operator should hear where none come. Empty:
  // nothing speaks against it.
  std::string doubt;
};

// For each of `ends`, in order, the path, or, as the Error, why this host cannot probe it so.
// Whatever is in `vips` is no source. `mark` is one that leads to the device `ifindex`.
Result<std::vector<Result<ProbePath>>> find_probe_paths(Netlink& netlink,
                                                        const std::vector<ProbeEnds>& ends,
                                                        const std::vector<IpPrefix>& vips,
                                                        uint32_t mark, uint32_t ifindex);

}  // namespace sluice
