// SPDX-License-Identifier: Apache-2.0
// Frames that end early, at every byte, with and without lengths that know it.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {
namespace {

// A QUIC long header (RFC 9000, 17.2) in a datagram of the size that QUIC begins with.
Bytes quic(const std::string& connection) {
  Bytes b = join({0xc3, 0, 0, 0, 1, 8}, Bytes(connection.begin(), connection.end()));
  b.resize(400, 0x9b);
  return b;
}

Bytes behind_gre(const Bytes& inner) {
  return join({0, 0, 8, 0}, inner);
}
Bytes behind_udp(uint16_t port, const Bytes& payload) {
  return join(udp_header(40000, port, payload.size()), payload);
}

struct Whole {
  std::string name;
  Bytes frame;
};

std::vector<Whole> tunnels4(const std::string& vip, const Bytes& inner) {
  const auto in4 = [&](uint8_t protocol, const Bytes& payload) {
    return frame4({.source = kClient4, .destination = vip, .protocol = protocol})
        .payload(payload)
        .build();
  };
  return {{"IPIP", in4(IPPROTO_IPIP, inner)},
          {"GRE", in4(IPPROTO_GRE, behind_gre(inner))},
          {"GUE variant 0", in4(IPPROTO_UDP, behind_udp(6080, join({0, 4, 0, 0}, inner)))},
          {"GUE variant 1", in4(IPPROTO_UDP, behind_udp(6080, inner))},
          {"Geneve", in4(IPPROTO_UDP, behind_udp(6081, join({0, 0, 8, 0, 0, 0, 7, 0}, inner)))}};
}

std::vector<Whole> tunnels6(const std::string& vip, const Bytes& inner) {
  const auto in6 = [&](uint8_t protocol, const Bytes& payload) {
    return frame6({.source = kClient6, .destination = vip, .next_header = protocol})
        .payload(payload)
        .build();
  };
  return {{"IPv4 in IPv6", in6(IPPROTO_IPIP, inner)},
          {"GRE over IPv6", in6(IPPROTO_GRE, behind_gre(inner))},
          {"GUE over IPv6", in6(IPPROTO_UDP, behind_udp(6080, join({0, 4, 0, 0}, inner)))},
          {"GUE variant 1 over IPv6", in6(IPPROTO_UDP, behind_udp(6080, inner))},
          {"Geneve over IPv6",
           in6(IPPROTO_UDP, behind_udp(6081, join({0, 0, 8, 0, 0, 0, 7, 0}, inner)))}};
}

std::vector<Whole> plain4(const std::string& vip) {
  const Ipv4 ip = {.source = kClient4, .destination = vip};
  return {{"TCP", frame4(ip).tcp({31337, 80}).payload(48).build()},
          {"TCP with options", tcp_to4({.destination = vip, .options = Bytes(40, 1)})},
          {"UDP", frame4(ip).udp({31337, 443}).payload(48).build()},
          {"QUIC", frame4(ip).udp({31337, 443}).payload(quic("abcdefgh")).build()},
          {"ICMP error", icmp_frame4(icmp4(3, 4, 1400, reply_of4(vip, 28)), ip)},
          {"echo", icmp_frame4(icmp4(8, 0, 1, Bytes(56, 7)), ip)},
          {"VLAN", tagged(tcp_to4(ip), {0x81, 0, 0, 7})},
          {"QinQ", tagged(tcp_to4(ip), {0x88, 0xa8, 0, 5, 0x81, 0, 0, 7})}};
}

std::vector<Whole> plain6(const std::string& vip) {
  const Ipv6 ip = {.source = kClient6, .destination = vip};
  return {{"TCP over IPv6", frame6(ip).tcp({31337, 80}).payload(48).build()},
          {"UDP over IPv6", frame6(ip).udp({31337, 443}).payload(48).build()},
          {"QUIC over IPv6", frame6(ip).udp({31337, 443}).payload(quic("12345678")).build()},
          {"ICMPv6 error", icmp_frame6(2, 0, 1400, reply_of6(vip, 28), ip)},
          {"ICMPv6 echo", icmp_frame6(128, 0, 1, Bytes(56, 7), ip)},
          {"VLAN over IPv6", tagged(tcp_to6(ip), {0x81, 0, 0, 7})}};
}

std::vector<Whole> wholes() {
  std::vector<Whole> all;
  const auto add = [&](const std::vector<Whole>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  for (const std::string& vip : {kVip4, kAny4}) {
    add(plain4(vip));
    add(tunnels4(vip, from(tcp_to4({.destination = vip}), 14)));
  }
  for (const std::string& vip : {kVip6, kAny6}) {
    add(plain6(vip));
    add(tunnels6(vip, from(tcp_to4({.destination = kVip4}), 14)));
  }
  return all;
}

std::string at(const std::string& name, size_t n) {
  return name + ", " + std::to_string(n) + " bytes";
}

TEST(HostileTruncation, AFrameThatEndsBeforeItsLengthIsNeverSent) {
  Frames frames;
  for (const Whole& w : wholes())
    for (size_t n = 14; n < w.frame.size(); n++)
      frames.push_back({at(w.name, n), first(w.frame, n), Must::kNotBeSent});
  check_hostile("frames cut at every byte", frames);
}

TEST(HostileTruncation, ArpIsPassedAtEveryLength) {
  const Bytes arp = PacketBuilder()
                        .ethernet("ff:ff:ff:ff:ff:ff", kRouterMac, 0x0806)
                        .payload({0,   1,  8,   0, 6, 4, 0, 1, 2, 0, 0,   0, 0, 1,
                                  198, 51, 100, 7, 0, 0, 0, 0, 0, 0, 192, 0, 2, 10})
                        .build();
  Frames frames;
  for (size_t n = 14; n <= arp.size(); n++)
    frames.push_back({at("ARP", n), first(arp, n), Must::kPass});
  check_hostile("ARP cut at every byte", frames);
}

// The IP length agrees with what is there, and it is too little for the header that is announced.
Frames short_l4(uint8_t protocol, size_t least, const Bytes& l4) {
  Frames frames;
  const std::string name = "protocol " + std::to_string(protocol);
  for (size_t n = 0; n < least; n++) {
    for (const std::string& vip : {kVip4, kAny4, kNet4}) {
      Ipv4 ip = {.source = kClient4, .destination = vip, .protocol = protocol};
      const Bytes whole = frame4(ip).payload(first(l4, n)).build();
      frames.push_back({at(name, n), whole, Must::kBeDropped, SLUICE_DROP_L4_HEADER});
      // What Ethernet adds is no part of it.
      frames.push_back({at(name + " and padding", n), join(whole, from(l4, n)), Must::kBeDropped,
                        SLUICE_DROP_L4_HEADER});
      ip.options = Bytes(12, 1);
      frames.push_back({at(name + " behind options", n), frame4(ip).payload(first(l4, n)).build(),
                        Must::kBeDropped, SLUICE_DROP_L4_HEADER});
    }
    for (const std::string& vip : {kVip6, kAny6, kNet6}) {
      const uint8_t next = protocol == IPPROTO_ICMP ? uint8_t(IPPROTO_ICMPV6) : protocol;
      const Ipv6 ip = {.source = kClient6, .destination = vip, .next_header = next};
      const Bytes whole = frame6(ip).payload(first(l4, n)).build();
      frames.push_back({at(name + " over IPv6", n), join(whole, from(l4, n)), Must::kBeDropped,
                        SLUICE_DROP_L4_HEADER});
    }
  }
  return frames;
}

TEST(HostileTruncation, AShortTransportHeaderIsDroppedForThat) {
  Frames frames = short_l4(IPPROTO_TCP, 20, from(tcp_to4({.destination = kVip4}), 34));
  append(frames, short_l4(IPPROTO_UDP, 8, udp_header(31337, 443, 0)));
  append(frames, short_l4(IPPROTO_ICMP, 8, icmp4(8, 0, 1, {})));
  check_hostile("short transport headers", frames);
}

// Bytes behind the IP packet are not looked at, whatever they look like.
TEST(HostileTruncation, WhatFollowsAPacketIsNoPartOfIt) {
  Frames frames;
  const Bytes other = from(tcp_to4({.destination = kOther4}), 14);
  for (const std::string& vip : {kVip4, kAny4})
    for (const Whole& w : plain4(vip))
      for (size_t n : {size_t(1), size_t(6), size_t(46), other.size()}) {
        Bytes more = other;
        more.resize(n);
        frames.push_back({at(w.name + " and", n), join(w.frame, more)});
      }
  check_hostile("packets with something behind", frames);
}

}  // namespace
}  // namespace sluice::test
