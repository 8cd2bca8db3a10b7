// SPDX-License-Identifier: Apache-2.0
// The frame of a numbered packet: a UDP datagram of either family.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>

#include "base/ip_address.h"

namespace sluice::netns {

class NumberedFrame {
 public:
  struct Route {
    MacAddress from, to;
    IpAddress vip;
    uint16_t port = 0;
    uint32_t stream = 0;
  };

  NumberedFrame() = default;
  explicit NumberedFrame(const Route& route);

  // Makes it the packet `number`, of flow `flow`: from another port or address, for 15 million of
  // them. Its checksums are right.
  void set(uint64_t number, uint64_t flow);
  iovec bytes() { return {.iov_base = bytes_.data(), .iov_len = size_}; }

 private:
  void put(size_t at, const void* data, size_t size);
  size_t put_ip4(const IpAddress& vip);
  size_t put_ip6(const IpAddress& vip);

  std::array<uint8_t, 80> bytes_ = {};  // the largest: IPv6
  size_t size_ = 0;
  size_t source_at_ = 0, address_size_ = 0, udp_at_ = 0;
};

}  // namespace sluice::netns
