// SPDX-License-Identifier: Apache-2.0
// An interface whose packets a test makes (tun(4)): in pages, merged, with what a NIC knows of
// them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/host.h"

namespace sluice::netns {

// struct virtio_net_hdr; <linux/virtio_net.h> is not for C++.
struct VirtioHeader {
  enum : uint8_t { kNone = 0, kTcp4 = 1, kTcp6 = 4 };  // VIRTIO_NET_HDR_GSO_*
  enum : uint8_t { kNeedsChecksum = 1 };               // VIRTIO_NET_HDR_F_*
  uint8_t flags = 0, gso_type = kNone;
  uint16_t hdr_len = 0, gso_size = 0, csum_start = 0, csum_offset = 0;
};

// A frame, and what stands beside it.
struct SkbFrame {
  VirtioHeader beside = {};
  std::vector<uint8_t> bytes;
};

class Tap {
 public:
  // Makes the interface, up, with this MAC address. It goes with the object.
  static Result<Tap> create(Host& host, const std::string& device, const std::string& mac);

  uint32_t ifindex() const { return ifindex_; }
  // Comes in by the interface. Of a frame larger than a page, what is behind the first
  // `beside.hdr_len` bytes lies in pages of its own.
  Result<void> inject(const SkbFrame& frame) const;
  // The next frame of IPv4 or IPv6, as skb->protocol has it, that came past tc ingress; nothing
  // when none does in time.
  Result<std::optional<SkbFrame>> see(bool v6, std::chrono::milliseconds patience) const;

 private:
  Tap(uint32_t ifindex, UniqueFd tun, UniqueFd seen4, UniqueFd seen6)
      : ifindex_(ifindex),
        tun_(std::move(tun)),
        seen4_(std::move(seen4)),
        seen6_(std::move(seen6)) {}

  uint32_t ifindex_;
  UniqueFd tun_, seen4_, seen6_;
};

}  // namespace sluice::netns
