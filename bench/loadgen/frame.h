// SPDX-License-Identifier: Apache-2.0
// One frame to be sent, over and over: ready but for what differs from packet to packet.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ip_address.h"
#include "loadgen/stamp.h"
#include "loadgen/traffic.h"

namespace sluice::loadgen {

// What a packet is on the wire: a kind has one, or several.
enum class Shape : uint8_t {
  kSyn,
  kEstablished,
  kFin,
  kIcmp,
  kUdp,
  kFirstFragment,
  kLaterFragment,
  kQuicInitial,
  kQuic,
  kEcho,
};
inline constexpr size_t kShapes = 10;

struct FrameOptions {
  Shape shape;
  MacAddress from, to;
  IpAddress clients;  // the network's base
  Vip vip;
  uint32_t size = 64;  // or what the headers and the stamp take
};

class Frame {
 public:
  // What differs. Numbers are in host byte order.
  struct Varying {
    uint32_t client = 0;  // added to the network's base
    uint16_t port = 0;    // the client's
    uint32_t id = 0;      // of the datagram that fragments belong to
    Stamp stamp;
  };

  Frame() = default;
  explicit Frame(const FrameOptions& options);

  size_t size() const { return bytes_.size(); }
  // Writes size() bytes, in which all checksums are right. Those of a later fragment's payload add
  // up to nothing, so that its datagram's checksum is the first one's alone.
  void write(const Varying& varying, uint8_t* to) const;

 private:
  friend class FrameWriter;
  static constexpr uint16_t kNowhere = 0;  // of a place: there is none

  std::vector<uint8_t> bytes_;  // all that varies is zero
  uint32_t client_base_ = 0;    // the last word of the network's base
  // Where things stand.
  uint16_t source_at_ = kNowhere, quoted_client_at_ = kNowhere, port_at_ = kNowhere,
           id_at_ = kNowhere, stamp_at_ = kNowhere, connection_at_ = kNowhere;
  uint16_t ip_check_at_ = kNowhere, quoted_check_at_ = kNowhere, check_at_ = kNowhere;
  // Sums (RFC 1071) of what does not vary, and how often the client's address is part of one.
  uint32_t ip_sum_ = 0, quoted_sum_ = 0, sum_ = 0, client_times_ = 0;
  bool id_is_long_ = false;  // 32 bits: IPv6
};

}  // namespace sluice::loadgen
