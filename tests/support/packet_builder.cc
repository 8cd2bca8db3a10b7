// SPDX-License-Identifier: Apache-2.0
#include "support/packet_builder.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdio>
#include <cstdlib>

namespace sluice::test {

namespace {

void put16(Bytes& b, size_t at, uint16_t v) {
  b[at] = uint8_t(v >> 8);
  b[at + 1] = uint8_t(v);
}

Bytes be16(uint16_t v) {
  return {uint8_t(v >> 8), uint8_t(v)};
}

Bytes be32(uint32_t v) {
  return {uint8_t(v >> 24), uint8_t(v >> 16), uint8_t(v >> 8), uint8_t(v)};
}

void append(Bytes& to, const Bytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

Bytes address(int family, const std::string& text) {
  Bytes b(family == AF_INET ? 4 : 16);
  if (inet_pton(family, text.c_str(), b.data()) != 1) {
    std::fprintf(stderr, "bad address in a test: %s\n", text.c_str());
    std::abort();
  }
  return b;
}

Bytes mac(const std::string& text) {
  Bytes b(6);
  unsigned v[6];
  if (std::sscanf(text.c_str(), "%x:%x:%x:%x:%x:%x", v, v + 1, v + 2, v + 3, v + 4, v + 5) != 6)
    std::abort();
  for (int i = 0; i < 6; i++) b[size_t(i)] = uint8_t(v[i]);
  return b;
}

}  // namespace

uint16_t internet_checksum(const Bytes& bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2)
    sum += uint64_t(bytes[i]) << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(~sum);
}

Bytes from(const Bytes& bytes, size_t at) {
  return Bytes(bytes.begin() + long(at), bytes.end());
}
Bytes first(const Bytes& bytes, size_t n) {
  return Bytes(bytes.begin(), bytes.begin() + long(n));
}
Bytes join(Bytes a, const Bytes& b) {
  append(a, b);
  return a;
}

PacketBuilder& PacketBuilder::ethernet(const std::string& to, const std::string& from_mac,
                                       std::optional<uint16_t> type) {
  Layer l = {.kind = Layer::Kind::kEthernet, .head = mac(to)};
  append(l.head, mac(from_mac));
  append(l.head, {0, 0});
  l.type = type;
  layers_.push_back(l);
  return *this;
}

PacketBuilder& PacketBuilder::ipv4(Ipv4 h) {
  Layer l = {.kind = Layer::Kind::kIpv4, .head = {}, .v4 = h};
  const uint8_t ihl = h.ihl.value_or(uint8_t(5 + h.options.size() / 4));
  l.head = {uint8_t(h.version.value_or(4) << 4 | ihl), h.tos, 0, 0};
  append(l.head, be16(h.id));
  append(l.head, be16(h.fragment));
  append(l.head, {h.ttl, 0, 0, 0});
  append(l.head, address(AF_INET, h.source));
  append(l.head, address(AF_INET, h.destination));
  append(l.head, h.options);
  layers_.push_back(l);
  return *this;
}

PacketBuilder& PacketBuilder::ipv6(Ipv6 h) {
  Layer l = {.kind = Layer::Kind::kIpv6, .head = {}, .v6 = h};
  const uint32_t word =
      uint32_t(h.version.value_or(6)) << 28 | uint32_t(h.traffic_class) << 20 | h.flow_label;
  l.head = {uint8_t(word >> 24), uint8_t(word >> 16), uint8_t(word >> 8), uint8_t(word)};
  append(l.head, {0, 0, 0, h.hop_limit});
  append(l.head, address(AF_INET6, h.source));
  append(l.head, address(AF_INET6, h.destination));
  layers_.push_back(l);
  return *this;
}

PacketBuilder& PacketBuilder::tcp(Tcp h) {
  Layer l = {.kind = Layer::Kind::kTcp, .head = be16(h.source)};
  append(l.head, be16(h.destination));
  append(l.head, be32(h.sequence));
  append(l.head, be32(h.acknowledgement));
  append(l.head, {uint8_t(h.words.value_or(uint8_t(5 + h.options.size() / 4)) << 4), h.flags});
  append(l.head, be16(h.window));
  append(l.head, {0, 0, 0, 0});
  append(l.head, h.options);
  layers_.push_back(l);
  return *this;
}

PacketBuilder& PacketBuilder::udp(Udp h) {
  Layer l = {.kind = Layer::Kind::kUdp, .head = be16(h.source)};
  append(l.head, be16(h.destination));
  append(l.head, {0, 0, 0, 0});
  layers_.push_back(l);
  return *this;
}

PacketBuilder& PacketBuilder::payload(Bytes bytes) {
  layers_.push_back({.kind = Layer::Kind::kPayload, .head = std::move(bytes)});
  return *this;
}

PacketBuilder& PacketBuilder::payload(size_t length) {
  Bytes b(length);
  for (size_t i = 0; i < length; i++) b[i] = uint8_t(i);
  return payload(std::move(b));
}

namespace {

uint8_t protocol_number(int kind) {
  constexpr uint8_t kNumbers[] = {0, IPPROTO_IPIP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP, 253};
  return kNumbers[kind];
}

}  // namespace

// The layer with everything behind it, lengths and checksums filled in.
Bytes PacketBuilder::finish(const Layer& l, const Layer* outer, const Layer* next,
                            Bytes behind) const {
  Bytes b = l.head;
  const uint8_t follows = next ? protocol_number(int(next->kind)) : 253;
  switch (l.kind) {
    case Layer::Kind::kEthernet:
      put16(b, 12, l.type.value_or(next && next->kind == Layer::Kind::kIpv6 ? 0x86dd : 0x0800));
      break;
    case Layer::Kind::kIpv4:
      put16(b, 2, l.v4.total_length.value_or(uint16_t(b.size() + behind.size())));
      b[9] = l.v4.protocol.value_or(follows);
      put16(b, 10, internet_checksum(b));
      break;
    case Layer::Kind::kIpv6:
      put16(b, 4, l.v6.payload_length.value_or(uint16_t(behind.size())));
      b[6] = l.v6.next_header.value_or(follows);
      break;
    case Layer::Kind::kUdp:
      put16(b, 4, uint16_t(b.size() + behind.size()));
      [[fallthrough]];
    case Layer::Kind::kTcp: {
      if (!outer) break;
      const size_t at = l.kind == Layer::Kind::kTcp ? 16 : 6;
      const bool v4 = outer->kind == Layer::Kind::kIpv4;
      Bytes pseudo =
          v4 ? Bytes(outer->head.begin() + 12, outer->head.begin() + 20) : from(outer->head, 8);
      append(pseudo, {0, protocol_number(int(l.kind))});
      append(pseudo, be16(uint16_t(b.size() + behind.size())));
      const uint16_t sum = internet_checksum(join(join(pseudo, b), behind));
      put16(b, at, sum == 0 && l.kind == Layer::Kind::kUdp ? 0xffff : sum);
      break;
    }
    case Layer::Kind::kPayload:
      break;
  }
  append(b, behind);
  return b;
}

Bytes PacketBuilder::build() const {
  Bytes behind;
  for (size_t i = layers_.size(); i-- > 0;)
    behind = finish(layers_[i], i > 0 ? &layers_[i - 1] : nullptr,
                    i + 1 < layers_.size() ? &layers_[i + 1] : nullptr, std::move(behind));
  return behind;
}

std::string scapy(const Bytes& frame) {
  std::string hex;
  char two[3];
  for (uint8_t b : frame) {
    std::snprintf(two, sizeof(two), "%02x", b);
    hex += two;
  }
  return "Ether(bytes.fromhex('" + hex + "')).show()";
}

}  // namespace sluice::test
