// SPDX-License-Identifier: Apache-2.0
#include "bench/loadgen/on_the_way.h"

#include <net/ethernet.h>
#include <netinet/in.h>

#include <cstring>

#include "support/datagram.h"

namespace sluice::loadgen {

std::string backend_address(unsigned number) {
  return "203.0.113." + std::to_string(10 + number);
}

Bytes encapsulated(const Bytes& frame, unsigned number) {
  const bool v6 = test::get16(frame, 2 * ETHER_ADDR_LEN) == ETHERTYPE_IPV6;
  return test::PacketBuilder()
      .ethernet("02:00:00:00:00:09", "02:00:00:00:00:02")
      .ipv4({.source = "203.0.113.2",
             .destination = backend_address(number),
             .protocol = uint8_t(v6 ? int(IPPROTO_IPV6) : int(IPPROTO_IPIP))})
      .payload(test::from(frame, ETHER_HDR_LEN))
      .build();
}

Stamp stamp_of(const Bytes& frame) {
  Stamp stamp;
  if (frame.size() >= sizeof(stamp))
    std::memcpy(&stamp, &frame[frame.size() - sizeof(stamp)], sizeof(stamp));
  return stamp;
}

Bytes delivered(const Bytes& frame) {
  return encapsulated(frame, stamp_of(frame).flow % 3);
}

}  // namespace sluice::loadgen
