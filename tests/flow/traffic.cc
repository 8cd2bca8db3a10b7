// SPDX-License-Identifier: Apache-2.0
#include "flow/traffic.h"

#include <netinet/in.h>

#include <cstring>

namespace sluice::test {

namespace {

const std::string kOurMac = "02:00:00:00:00:0b", kRouterMac = "02:00:00:00:00:01";
const std::string kRouter4 = "198.51.100.254", kRouter6 = "2001:db8:c::fe";
constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
constexpr uint8_t kUnreachable4 = 3, kUnreachable6 = 1;  // ICMP types

// What the packets of a flow have in common.
struct Ends {
  std::string client, vip;
  uint16_t sport, dport;
  bool tcp;

  bool is_v4() const { return client.find(':') == std::string::npos; }
  PacketBuilder& to_vip(PacketBuilder& b) const { return ip(b, client, vip); }
  PacketBuilder& from_vip(PacketBuilder& b) const { return ip(b, vip, client); }

 private:
  PacketBuilder& ip(PacketBuilder& b, const std::string& from, const std::string& to) const {
    if (is_v4()) return b.ipv4({.source = from, .destination = to});
    return b.ipv6({.source = from, .destination = to});
  }
};

Bytes tcp_frame(const Ends& e, uint8_t flags) {
  PacketBuilder b;
  return e.to_vip(b.ethernet(kOurMac, kRouterMac)).tcp({e.sport, e.dport, flags}).build();
}

Bytes datagram(const Ends& e) {
  PacketBuilder b;
  return e.to_vip(b.ethernet(kOurMac, kRouterMac)).udp({e.sport, e.dport}).payload(9).build();
}

// A router says that the client is out of reach: it quotes a packet from the VIP.
Bytes error_frame(const Ends& e) {
  PacketBuilder quoted;
  e.from_vip(quoted);
  if (e.tcp)
    quoted.tcp({e.dport, e.sport, kSyn});
  else
    quoted.udp({e.dport, e.sport});
  Bytes message = join({e.is_v4() ? kUnreachable4 : kUnreachable6, 1, 0, 0, 0, 0, 0, 0},
                       quoted.payload(40).build());
  PacketBuilder b;
  b.ethernet(kOurMac, kRouterMac);
  if (!e.is_v4())
    return b.ipv6({.source = kRouter6, .destination = e.vip, .next_header = IPPROTO_ICMPV6})
        .payload(message)
        .build();
  const uint16_t sum = internet_checksum(message);
  message[2] = uint8_t(sum >> 8);
  message[3] = uint8_t(sum);
  return b.ipv4({.source = kRouter4, .destination = e.vip, .protocol = IPPROTO_ICMP})
      .payload(message)
      .build();
}

sluice_flow key_of(const Ends& e) {
  sluice_flow k = {};
  std::memcpy(&k.src, IpAddress::parse(e.client)->bytes().data(), sizeof(k.src));
  std::memcpy(&k.dst, IpAddress::parse(e.vip)->bytes().data(), sizeof(k.dst));
  k.sport = htons(e.sport);
  k.dport = htons(e.dport);
  k.proto = e.tcp ? IPPROTO_TCP : IPPROTO_UDP;
  return k;
}

Tuple make_tuple(const Ends& e, const std::string& service, const sluice_hash_key& key) {
  Tuple t = {.key = key_of(e),
             .service = service,
             .udp_ring = service == "web" && !e.tcp,
             .tcp = e.tcp,
             .hash = 0,
             .frames = {}};
  // Of a service on any protocol, that mostly has no ports, the hash is of addresses.
  t.hash = sluice_flow_hash(
      &t.key, &key, service == "rest" ? SLUICE_HASH_SOURCE_VIP : SLUICE_HASH_FIVE_TUPLE, e.is_v4());
  if (e.tcp) {
    t.frames[size_t(Sent::kSyn)] = tcp_frame(e, kSyn);
    t.frames[size_t(Sent::kAck)] = tcp_frame(e, kAck);
    t.frames[size_t(Sent::kFin)] = tcp_frame(e, kFin | kAck);
    t.frames[size_t(Sent::kRst)] = tcp_frame(e, kRst);
  } else {
    t.frames[size_t(Sent::kDatagram)] = datagram(e);
  }
  t.frames[size_t(Sent::kError)] = error_frame(e);
  return t;
}

// Every eighth client speaks IPv6, and half of what is no flood is UDP's and other services'.
Tuple nth_tuple(uint32_t i, const sluice_hash_key& key) {
  const bool flood = i >= Traffic::kFlows;
  const std::string client4 = "198.51.100." + std::to_string(1 + i % 200);
  const uint16_t sport = uint16_t(Traffic::kFirstPort + i);
  if (flood) return make_tuple({client4, "192.0.2.10", sport, 80, true}, "web", key);
  switch (i % 8) {
    case 0:
      return make_tuple({"2001:db8:c::7", "2001:db8::10", sport, 80, true}, "web", key);
    case 1:
      return make_tuple({client4, "192.0.2.20", sport, 7000, true}, "rest", key);
    case 2:
    case 3:
      return make_tuple({client4, "192.0.2.10", sport, 443, false}, "web", key);
    case 4:
      return make_tuple({client4, "192.0.2.20", sport, 5000, false}, "rest", key);
    default:
      return make_tuple({client4, "192.0.2.10", sport, 80, true}, "web", key);
  }
}

}  // namespace

const char* name_of(Sent sent) {
  constexpr const char* kNames[kSentKinds] = {"SYN", "ACK", "FIN", "RST", "datagram", "ICMP error"};
  return kNames[size_t(sent)];
}

std::vector<Service> services(const std::string& pool) {
  return {{.name = "web",
           .vips = {*IpPrefix::parse("192.0.2.10"), *IpPrefix::parse("2001:db8::10")},
           .ports = {PortRange::one(80, IPPROTO_TCP), PortRange::one(443, IPPROTO_UDP)},
           .pool = pool},
          {.name = "rest",
           .vips = {*IpPrefix::parse("192.0.2.20")},
           .ports = {PortRange::any(0)},
           .pool = pool}};
}

Traffic::Traffic(const sluice_hash_key& key) {
  for (uint32_t i = 0; i < kFlows + kFlood; i++) tuples_.push_back(nth_tuple(i, key));
}

}  // namespace sluice::test
