// SPDX-License-Identifier: Apache-2.0
// What a frame is by the RFCs: read for tests, independently of the data plane's code.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "abi/drop_reason.h"
#include "base/ip_address.h"
#include "support/packet_builder.h"

namespace sluice::test {

inline uint16_t get16(const Bytes& b, size_t at) {
  return uint16_t(b.at(at) << 8 | b.at(at + 1));
}
inline uint32_t get32(const Bytes& b, size_t at) {
  return uint32_t(get16(b, at)) << 16 | get16(b, at + 2);
}
// `n` bytes from `at`, or fewer where the packet ends.
Bytes slice(const Bytes& b, size_t at, size_t n);

// Ethernet with at most two tags (IEEE 802.1Q, 802.1ad).
struct Link {
  Bytes to, from;  // MAC addresses
  Bytes tags;
  uint16_t type = 0;  // 0: the frame ends inside a tag
  size_t size() const { return 14 + tags.size(); }
};
Link read_link(const Bytes& frame);

using Reasons = std::set<sluice_drop_reason>;

// RFC 8200, 4: from the IPv6 header to the upper-layer header, or to a later fragment's payload.
struct Chain {
  uint8_t protocol = 0;
  size_t length = 0;      // of all extension headers
  bool broken = false;    // malformed, forbidden or of more than eight headers
  bool doubtful = false;  // a receiver may refuse it for what we do not look into
  bool fragmented = false, more = false;
  size_t offset = 0;         // of the fragment
  size_t behind_header = 0;  // bytes of the chain up to the end of the fragment header
  uint32_t id = 0;
};
// The chain that begins with a header `protocol` at `at`, in a packet that ends at `end`.
Chain walk_chain(const Bytes& ip, uint8_t protocol, size_t at, size_t end);

enum class Part { kWhole, kFirst, kLater };

// One IP packet.
struct Datagram {
  int family = 0;
  IpAddress source, destination;
  bool destination_is_mapped = false;  // ::ffff:0:0/96 on the wire
  uint8_t tos = 0;
  size_t length = 0;  // as the header says
  size_t headers = 0;
  uint8_t protocol = 0;
  uint16_t sport = 0, dport = 0;  // of TCP and UDP, where they are
  uint8_t tcp_header = 0;         // bytes of it, as it says itself
  uint8_t tcp_flags = 0;
  Part part = Part::kWhole;
  uint32_t id = 0;
  bool checksum_is_right = true;  // of the IPv4 header
  bool doubtful = false;          // well formed, yet its receiver may refuse it
  Reasons faults;                 // must go no further, for any one of these
  bool has_options() const { return headers != (family == 4 ? 20u : 40u); }
};

// The packet of EtherType `type` in `ip`, which may be longer; nothing if it has no destination.
std::optional<Datagram> read_datagram(uint16_t type, const Bytes& ip);

// The number of the ICMP that belongs to an IP version.
uint8_t icmp_of(int family);

// The checksum of an upper-layer message, checksum field and all: 0 if it is right. IPv4's ICMP has
// no pseudo header.
uint16_t message_sum(const Datagram& d, const Bytes& message);

}  // namespace sluice::test
