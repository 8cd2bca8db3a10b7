// SPDX-License-Identifier: Apache-2.0
// Builds packets for tests, front to back, independently of the data plane's code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

using Bytes = std::vector<uint8_t>;

struct Ipv4 {
  std::string source, destination;
  uint8_t tos = 0;
  uint8_t ttl = 64;
  uint16_t id = 1;
  uint16_t fragment = 0;                 // flags and offset, as in the header
  std::optional<uint8_t> protocol = {};  // else what follows decides
  std::optional<uint8_t> version = {}, ihl = {};
  std::optional<uint16_t> total_length = {};
  Bytes options = {};  // padded to 4 bytes by the caller
};

struct Ipv6 {
  std::string source, destination;
  uint8_t traffic_class = 0;
  uint32_t flow_label = 0;
  uint8_t hop_limit = 64;
  std::optional<uint8_t> next_header = {};
  std::optional<uint8_t> version = {};
  std::optional<uint16_t> payload_length = {};
};

struct Tcp {
  uint16_t source, destination;
  uint8_t flags = 0x10;  // ACK
  uint32_t sequence = 1, acknowledgement = 0;
  uint16_t window = 0xffff;
  std::optional<uint8_t> words = {};  // of the header, as it says
  Bytes options = {};                 // padded to 4 bytes by the caller
};

struct Udp {
  uint16_t source, destination;
};

// Headers in the order of the calls; build() fills in lengths, protocols and checksums of all of
// them, inner ones first, except where a field was given.
class PacketBuilder {
 public:
  // `to` and `from` like "02:00:00:00:00:01"; the type follows from the next header unless given.
  PacketBuilder& ethernet(const std::string& to, const std::string& from,
                          std::optional<uint16_t> type = {});
  PacketBuilder& ipv4(Ipv4 h);
  PacketBuilder& ipv6(Ipv6 h);
  PacketBuilder& tcp(Tcp h);
  PacketBuilder& udp(Udp h);
  PacketBuilder& payload(Bytes bytes);
  PacketBuilder& payload(size_t length);  // 0, 1, 2, ...
  Bytes build() const;

 private:
  struct Layer {
    enum class Kind { kEthernet, kIpv4, kIpv6, kTcp, kUdp, kPayload } kind;
    Bytes head;
    Ipv4 v4 = {};
    Ipv6 v6 = {};
    std::optional<uint16_t> type = {};
  };
  Bytes finish(const Layer& layer, const Layer* outer, const Layer* next, Bytes behind) const;
  std::vector<Layer> layers_;
};

// One line of Python that makes the packet in scapy, for whoever looks into a failure.
std::string scapy(const Bytes& frame);

// Bytes from `at` to the end; `cut(b, 0, n)` its first n bytes.
Bytes from(const Bytes& bytes, size_t at);
Bytes first(const Bytes& bytes, size_t n);
Bytes join(Bytes a, const Bytes& b);

// Internet checksum (RFC 1071) in network order value.
uint16_t internet_checksum(const Bytes& bytes);

}  // namespace sluice::test
