// SPDX-License-Identifier: Apache-2.0
// The worlds that hostile frames meet, and the shapes they start from.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {

namespace {

Backend backend(const std::string& address, const Forward& forward) {
  return {
      .name = address, .address = *IpAddress::parse(address), .weight = 100, .forward = forward};
}

std::vector<Backend> alike(const std::string& network, const Forward& forward) {
  std::vector<Backend> all;
  for (int i = 1; i <= 4; i++) all.push_back(backend(network + std::to_string(i), forward));
  return all;
}

std::vector<Backend> one_of_each() {
  const Forward gre = {.tunnel = Tunnel::kGre, .source_v4 = IpPrefix::parse("198.18.0.0/16")};
  return {backend("203.0.113.21", gre),
          backend("2001:db8:b::22", {.tunnel = Tunnel::kGre}),
          backend("203.0.113.23", {.tunnel = Tunnel::kFou, .port = 5555, .port_v6 = 5556}),
          backend("2001:db8:b::24", {.tunnel = Tunnel::kIpip}),
          backend("203.0.113.25", {.tunnel = Tunnel::kGue, .port = 6080}),
          backend("2001:db8:b::26",
                  {.tunnel = Tunnel::kGue, .port = 6080, .gue_variant = 1, .checksum_v6 = false}),
          backend("2001:db8:b::27", {.tunnel = Tunnel::kGeneve, .port = 6081, .vni = 0x123456}),
          backend("203.0.113.28", {.tunnel = Tunnel::kL2})};
}

Service service(const char* name, const std::string& v4, const std::string& v6,
                std::vector<PortRange> ports) {
  return {.name = name,
          .vips = {*IpPrefix::parse(v4), *IpPrefix::parse(v6)},
          .ports = std::move(ports),
          .pool = "pool"};
}

}  // namespace

World world_of(const std::string& name, const std::vector<Backend>& backends) {
  World w = {.name = name, .setup = one_backend(false)};
  Config& config = w.setup.config;
  config.interfaces.push_back({.name = "test"});
  config.services.push_back(service("any", kAny4, kAny6, {PortRange::any(0)}));
  config.services.push_back(service("net", "192.0.2.128/25", "2001:db8:1::/64",
                                    {PortRange::any(IPPROTO_TCP), {27000, 27100, IPPROTO_UDP}}));
  w.setup.macs = {*MacAddress::parse(kOurMac), *MacAddress::parse("02:00:00:00:00:0a")};
  config.pools["pool"].backends.clear();
  w.setup.next_hops.clear();
  for (const Backend& b : backends) {
    add_backend(w.setup, b.name, b.weight);
    config.pools["pool"].backends.back().forward = b.forward;
    NextHop& way = w.setup.next_hops.at(b.address);
    way.mtu = kLinkMtu;
    // Without a tunnel the MAC is all that tells one from the other.
    MacAddress::Bytes mac = way.destination.bytes();
    mac[4] = 0xbe;
    mac[5] = b.address.bytes()[15];
    way.destination = MacAddress(mac);
  }
  return w;
}

const std::vector<World>& worlds() {
  static const std::vector<World> all = {
      world_of("ipip", alike("203.0.113.1", {.tunnel = Tunnel::kIpip})),
      world_of("gue over IPv6", alike("2001:db8:b::1", {.tunnel = Tunnel::kGue, .port = 6080})),
      world_of("geneve", alike("203.0.113.1", {.tunnel = Tunnel::kGeneve, .port = 6081, .vni = 7})),
      world_of("l2", alike("203.0.113.1", {.tunnel = Tunnel::kL2})),
      world_of("one of each", one_of_each())};
  return all;
}

void append(Frames& to, Frames more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

namespace {

Bytes icmp_message(uint8_t type, uint8_t code, uint32_t rest, const Bytes& body) {
  return join({type, code, 0, 0, uint8_t(rest >> 24), uint8_t(rest >> 16), uint8_t(rest >> 8),
               uint8_t(rest)},
              body);
}

void put_sum(Bytes& message, uint16_t sum) {
  message[2] = uint8_t(sum >> 8);
  message[3] = uint8_t(sum);
}

}  // namespace

Bytes icmp4(uint8_t type, uint8_t code, uint32_t rest, const Bytes& body) {
  Bytes m = icmp_message(type, code, rest, body);
  put_sum(m, internet_checksum(m));
  return m;
}

Bytes icmp_frame4(const Bytes& message, Ipv4 ip) {
  if (!ip.protocol) ip.protocol = IPPROTO_ICMP;
  return frame4(std::move(ip)).payload(message).build();
}

Bytes icmp_frame6(uint8_t type, uint8_t code, uint32_t rest, const Bytes& body, Ipv6 ip) {
  if (!ip.next_header) ip.next_header = IPPROTO_ICMPV6;
  Bytes message = icmp_message(type, code, rest, body);
  const Bytes zero = frame6(ip).payload(message).build();
  put_sum(message, message_sum(*read_datagram(0x86dd, from(zero, 14)), message));
  return frame6(std::move(ip)).payload(message).build();
}

Bytes reply_of4(const std::string& vip, size_t n) {
  return first(PacketBuilder()
                   .ipv4({.source = vip, .destination = kClient4, .ttl = 3})
                   .tcp({80, 31337})
                   .payload(1400)
                   .build(),
               20 + n);
}

Bytes reply_of6(const std::string& vip, size_t n) {
  return first(PacketBuilder()
                   .ipv6({.source = vip, .destination = kClient6, .hop_limit = 3})
                   .tcp({80, 31337})
                   .payload(1400)
                   .build(),
               40 + n);
}

Bytes udp_header(uint16_t source, uint16_t destination, size_t payload) {
  const size_t n = 8 + payload;
  return {uint8_t(source >> 8),
          uint8_t(source),
          uint8_t(destination >> 8),
          uint8_t(destination),
          uint8_t(n >> 8),
          uint8_t(n),
          0,
          0};
}

Bytes tcp_to4(Ipv4 ip, size_t payload) {
  if (ip.source.empty()) ip.source = kClient4;
  return frame4(std::move(ip)).tcp({31337, 80}).payload(payload).build();
}

Bytes tcp_to6(Ipv6 ip, size_t payload) {
  if (ip.source.empty()) ip.source = kClient6;
  return frame6(std::move(ip)).tcp({31337, 80}).payload(payload).build();
}

Bytes tagged(const Bytes& frame, const Bytes& tags) {
  return join(join(first(frame, 12), tags), from(frame, 12));
}

}  // namespace sluice::test
