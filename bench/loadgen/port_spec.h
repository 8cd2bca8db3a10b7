// SPDX-License-Identifier: Apache-2.0
// Which port packets go out of or come in by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::loadgen {

enum class PortKind : uint8_t { kAfPacket, kAfXdp, kPci };

struct PortSpec {
  PortKind kind = PortKind::kAfPacket;
  std::string name;       // of the interface, or the address on the PCI bus
  std::string arguments;  // for DPDK's driver, as in its documentation: "qpairs=2,framecnt=4096"

  bool operator==(const PortSpec&) const = default;
};

// "af_packet:eth0", "af_xdp:eth0,queue_count=2", "pci:0000:01:00.0"
Result<PortSpec> parse_port(std::string_view text);

// What DPDK calls it: "net_af_packet0", and its arguments behind it. `number` tells ports of a
// process apart. Of a PCI port the address.
std::string dpdk_name(const PortSpec& spec, unsigned number);
std::string dpdk_arguments(const PortSpec& spec);

}  // namespace sluice::loadgen
