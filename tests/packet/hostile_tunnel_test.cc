// SPDX-License-Identifier: Apache-2.0
// Tunnels: their outer UDP checksums, tunnels that come in, and packets that go round.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {
namespace {

Backend backend(const std::string& address, const Forward& forward) {
  return {
      .name = address, .address = *IpAddress::parse(address), .weight = 100, .forward = forward};
}

const Forward kIpip = {.tunnel = Tunnel::kIpip}, kGre = {.tunnel = Tunnel::kGre},
              kFou = {.tunnel = Tunnel::kFou, .port = 5555, .port_v6 = 5556},
              kGue = {.tunnel = Tunnel::kGue, .port = 6080},
              kGue1 = {.tunnel = Tunnel::kGue, .port = 6080, .gue_variant = 1},
              kGeneve = {.tunnel = Tunnel::kGeneve, .port = 6081, .vni = 5};

struct Kind {
  const char* name;
  Forward forward;
};
const Kind kKinds[] = {{"ipip", kIpip}, {"gre", kGre},   {"fou", kFou},
                       {"gue", kGue},   {"gue1", kGue1}, {"geneve", kGeneve}};

// ---- The outer UDP checksum, which goes over the inner packet, right or wrong.

Frames inner_checksums() {
  Frames f;
  for (size_t n = 0; n <= 1400; n += n < 80 ? 1 : 37) {
    const std::string name = std::to_string(n) + " bytes";
    Bytes zero =
        frame4({.source = kClient4, .destination = kVip4}).udp({9, 443}).payload(n).build();
    zero[40] = zero[41] = 0;
    f.push_back({name + ", UDP without checksum", zero, Must::kBeSent});
    zero[41] = 0x5a;
    f.push_back({name + ", UDP with a wrong checksum", zero, Must::kBeSent});
    Bytes header = zero;
    header[24] ^= 0xff;
    f.push_back({name + ", a wrong header checksum", header, Must::kBeSent});
    f.push_back(
        {name + " of IPv6",
         frame6({.source = kClient6, .destination = kVip6}).udp({9, 443}).payload(n).build(),
         Must::kBeSent});
    if (n > 1300) continue;
    f.push_back({name + " quoted in ICMP",
                 icmp_frame4(icmp4(3, 4, 1400, reply_of4(kVip4, 8 + n)),
                             {.source = kClient4, .destination = kVip4}),
                 Must::kBeSent});
    f.push_back({name + " quoted in ICMPv6",
                 icmp_frame6(2, 0, 1400, reply_of6(kVip6, 8 + n),
                             {.source = kClient6, .destination = kVip6}),
                 Must::kBeSent});
  }
  return f;
}

TEST(HostileOuterChecksum, IsZeroOrValidWhateverIsInside) {
  check_hostile("outer UDP checksums", inner_checksums());
}

// One word of payload takes every value, so that the sum does, too: 0 must be sent as 0xffff.
TEST(HostileOuterChecksum, IsValidAtEverySum) {
  HostileRun run("outer UDP checksums of every value");
  ASSERT_TRUE(run.ok());
  run.enter(worlds()[1]);
  Bytes in = frame4({.source = kClient4, .destination = kAny4, .protocol = 99}).payload(64).build();
  for (uint32_t n = 0; n < 65536; n += stride()) {
    in[60] = uint8_t(n >> 8);
    in[61] = uint8_t(n);
    run.run({"payload " + std::to_string(n), in, Must::kBeSent});
  }
  run.finish();
}

// ---- Tunnels in: to a VIP they are payload, to us they are the host's.

Bytes udp(uint16_t port, const Bytes& payload) {
  return join(udp_header(50000, port, payload.size()), payload);
}

struct Payload {
  const char* name;
  uint8_t protocol;
  Bytes bytes;
};

std::vector<Payload> tunnels_around(const Bytes& inner) {
  std::vector<Payload> all = {
      {"IPIP", 4, inner},
      {"GRE", 47, join({0, 0, 8, 0}, inner)},
      {"GRE version 1", 47, join({0x20, 1, 0x88, 0x0b}, inner)},
      {"GRE with routing", 47, join({0x40, 0, 8, 0, 0, 0, 0, 0}, inner)},
      {"GRE keepalive", 47, {0, 0, 0, 0}},
      {"FOU", 17, udp(5555, inner)},
      {"Geneve", 17, udp(6081, join({0, 0, 8, 0, 0, 0, 5, 0}, inner))},
      {"Geneve, critical option", 17,
       udp(6081, join({1, 0x40, 8, 0, 0, 0, 5, 0, 0, 1, 0x80, 0}, inner))},
      {"Geneve, OAM", 17, udp(6081, join({0, 0x80, 8, 0, 0, 0, 5, 0}, inner))},
      {"Geneve, version 1", 17, udp(6081, join({0x40, 0, 8, 0, 0, 0, 5, 0}, inner))}};
  for (uint8_t first : {0x00, 0x1f, 0x20, 0x40, 0x80, 0xc0, 0xff})
    for (uint16_t flags : {0, 1, 0x8000})
      all.push_back(
          {"GUE", 17, udp(6080, join({first, 4, uint8_t(flags >> 8), uint8_t(flags)}, inner))});
  return all;
}

std::vector<Bytes> inners() {
  const auto to = [](const char* source, const char* destination, uint8_t ttl) {
    return from(tcp_to4({.source = source, .destination = destination, .ttl = ttl}), 14);
  };
  return {to("198.51.100.7", "192.0.2.10", 64), to("198.51.100.7", "198.51.100.99", 64),
          to("127.0.0.1", "127.0.0.1", 64),     to("198.51.100.7", "192.0.2.10", 0),
          to("192.0.2.10", "198.51.100.7", 64), Bytes(40, 0xff)};
}

// From whom, to whom, and what must become of it wherever there is a service for it.
Frames tunnels_in(const std::string& source, const std::string& destination, Must must,
                  std::optional<sluice_drop_reason> why) {
  Frames f;
  for (const Bytes& inner : inners())
    for (const Payload& p : tunnels_around(inner))
      f.push_back({std::string(p.name) + " from " + source + " to " + destination,
                   frame4({.source = source, .destination = destination, .protocol = p.protocol})
                       .payload(p.bytes)
                       .build(),
                   must, why});
  return f;
}

TEST(HostileTunnels, InAreNeverOpened) {
  Frames frames = tunnels_in(kClient4, kAny4, Must::kBeSent, {});
  append(frames, tunnels_in(kClient4, kVip4, Must::kPass, {}));
  for (const std::string& to : {kSource4, kOther4, std::string("203.0.113.11")})
    for (const std::string& source : {kClient4, kSource4, kVip4, std::string("127.0.0.1")})
      append(frames, tunnels_in(source, to, Must::kPass, {}));
  for (const std::string& source : {std::string("127.0.0.1"), kAny4, std::string("0.0.0.0")})
    append(frames, tunnels_in(source, kAny4, Must::kBeDropped, SLUICE_DROP_MARTIAN));
  check_hostile("tunnels in", frames);
}

// One packet in another is somebody's tunnel; more are a loop.
TEST(HostileTunnels, NestedDeeperThanOnceAreDropped) {
  Frames frames;
  for (const std::string& vip : {kAny4, kNet4}) {
    Bytes inner = from(tcp_to4({.destination = vip}), 14);
    for (int depth = 1; depth <= 8; depth++) {
      const Bytes in = frame4({.source = kClient4, .destination = vip, .protocol = IPPROTO_IPIP})
                           .payload(inner)
                           .build();
      const bool loop = depth > 1;
      Hostile h = {"nested " + std::to_string(depth), in};
      if (loop) {
        h.must = Must::kBeDropped;
        h.why = SLUICE_DROP_LOOP;
      }
      frames.push_back(h);
      inner = from(in, 14);
    }
  }
  check_hostile("nested tunnels", frames);
}

// ---- Loops.

// What comes in where the packet arrives after a router: other MACs, a smaller TTL.
Bytes routed(Bytes b) {
  const Bytes macs = first(PacketBuilder().ethernet(kOurMac, kRouterMac).build(), 12);
  std::copy(macs.begin(), macs.end(), b.begin());
  if (b[12] != 8) {
    b[21]--;
    return b;
  }
  b[22]--;
  b[24] = b[25] = 0;
  const uint16_t sum = internet_checksum(slice(b, 14, 20));
  b[24] = uint8_t(sum >> 8);
  b[25] = uint8_t(sum);
  return b;
}

// Balancer `i` of a ring in which each has the next one's VIP for its backend.
World balancer(const Kind& kind, const std::vector<std::string>& vips, size_t i) {
  const std::string& next = vips[(i + 1) % vips.size()];
  World w = world_of(kind.name + (" " + std::to_string(i)), {backend(next, kind.forward)});
  Service any = w.setup.config.services[1];
  any.name = "loop";
  any.vips = {*IpPrefix::parse(vips[i])};
  w.setup.config.services.push_back(any);
  const bool v6 = next.find(':') != std::string::npos;
  w.setup.next_hops.begin()->second.preferred_source =
      *IpAddress::parse((v6 ? "2001:db8:b::" : "203.0.113.") + std::to_string(50 + i));
  return w;
}

// How often a client's packet is sent on before it dies.
size_t passes(HostileRun& run, const Kind& kind, const std::vector<std::string>& vips, bool v6) {
  Bytes packet = v6 ? tcp_to6({.destination = vips[0]}) : tcp_to4({.destination = vips[0]});
  for (size_t n = 0; n < 40; n++) {
    run.enter(balancer(kind, vips, n % vips.size()));
    const Observed o = run.run({"pass " + std::to_string(n), packet});
    if (o.fate != Fate::kSent) return n;
    packet = routed(o.packet);
  }
  return 40;
}

TEST(HostileLoops, BetweenBalancersDieWithinEightPasses) {
  HostileRun run("loops between balancers");
  ASSERT_TRUE(run.ok());
  for (const Kind& kind : kKinds)
    for (bool v6 : {false, true}) {
      const std::string network = v6 ? "2001:db8:f::" : "203.0.113.6";
      const std::vector<std::string> vips = {network + "1", network + "2", network + "3",
                                             network + "4"};
      for (size_t n = 1; n <= vips.size(); n++) {
        const std::vector<std::string> ring(vips.begin(), vips.begin() + long(n));
        const size_t lived = passes(run, kind, ring, v6);
        EXPECT_GE(lived, 1u) << kind.name;
        EXPECT_LE(lived, 8u) << kind.name << " between " << n << (v6 ? " over IPv6" : "");
      }
    }
  run.finish();
}

TEST(HostileLoops, OfOurOwnTunnelsAreDroppedAtOnce) {
  HostileRun run("our own tunnels back");
  ASSERT_TRUE(run.ok());
  for (const Kind& kind : kKinds)
    for (bool v6 : {false, true}) {
      Forward forward = kind.forward;
      forward.source_v4 = IpPrefix::parse("198.18.0.0/16");
      forward.source_v6 = IpPrefix::parse("2001:db8:5::/112");
      const std::string to = v6 ? "2001:db8:b::11" : "203.0.113.11";
      for (const Forward& f : {kind.forward, forward}) {
        run.enter(world_of(kind.name, {backend(to, f)}));
        for (uint16_t port = 1; port < 20; port++) {
          const Bytes in =
              frame4({.source = kClient4, .destination = kVip4}).tcp({port, 80}).build();
          Bytes back = run.run({"there", in, Must::kBeSent}).packet;
          const Bytes vip =
              from(v6 ? PacketBuilder().ipv6({.source = kSource6, .destination = kAny6}).build()
                      : PacketBuilder().ipv4({.source = kSource4, .destination = kAny4}).build(),
                   v6 ? 24 : 16);
          std::copy(vip.begin(), vip.end(), back.begin() + 14 + (v6 ? 24 : 16));
          const Bytes macs = first(PacketBuilder().ethernet(kOurMac, kRouterMac).build(), 12);
          std::copy(macs.begin(), macs.end(), back.begin());
          run.run({std::string(kind.name) + " and back", back, Must::kBeDropped, SLUICE_DROP_LOOP});
        }
      }
    }
  run.finish();
}

}  // namespace
}  // namespace sluice::test
