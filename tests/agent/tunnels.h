// SPDX-License-Identifier: Apache-2.0
// Frames in every kind of tunnel but IPIP, field by field.
#pragma once

#include "agent/fixture.h"

namespace sluice::test {

// A tunnel's headers in front of an inner packet, and what they are behind.
struct Wrapped {
  uint8_t protocol;  // of the outer IP header
  Bytes bytes;       // everything behind the outer IP header
};

struct UdpTunnel {
  uint16_t source = 41000, port = 0;
  uint16_t checksum = 0;
  std::optional<uint16_t> length = {};
};
Wrapped in_udp(const UdpTunnel& udp, const Bytes& payload);

struct Gre {
  uint16_t flags = 0;
  std::optional<uint16_t> type = {};  // else what is inside decides
  Bytes fields = {};                  // checksum, key and sequence number
};
Wrapped in_gre(const Bytes& inner, const Gre& gre = {});

struct Gue {
  uint8_t first = 0;  // variant, C, hlen
  std::optional<uint8_t> protocol = {};
  uint16_t flags = 0;
  Bytes fields = {};
};
Bytes gue_payload(const Bytes& inner, const Gue& gue = {});
Wrapped in_gue(const Bytes& inner, const Gue& gue = {});

struct Geneve {
  uint8_t first = 0;  // version, length of the options
  uint8_t flags = 0;
  std::optional<uint16_t> type = {};
  uint32_t network = 0x123456;
  Bytes options = {};
};
Bytes geneve_payload(const Bytes& inner, const Geneve& geneve = {});
Wrapped in_geneve(const Bytes& inner, const Geneve& geneve = {});

// An Ethernet frame with `inner` in it.
Bytes in_ethernet(const Bytes& inner, std::optional<uint16_t> type = {});

Wrapped in_fou(const Bytes& inner);
Wrapped in_gue1(const Bytes& inner);

// The whole frame, from the balancer to this host.
Bytes frame4(const Wrapped& wrapped, Ipv4 ip = {.source = kBalancer4, .destination = kLocal4});
Bytes frame6(const Wrapped& wrapped, Ipv6 ip = {.source = kBalancer6, .destination = kLocal6});

// Every shape a balancer may send.
struct Shape {
  std::string name;
  sluice_agent_tunnel kind;
  Wrapped (*wrap)(const Bytes& inner);
  size_t header;  // bytes between the outer IP header and the inner packet, without UDP's
  bool udp;
};
const std::vector<Shape>& shapes();

Row open_tunnel_row(std::string name, sluice_agent_tunnel kind, Bytes in, const Bytes& inner,
                    const Bytes& behind = {});

}  // namespace sluice::test
