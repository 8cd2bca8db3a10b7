// SPDX-License-Identifier: Apache-2.0
// Echo requests: answered for VIPs only, to nobody who cannot have asked, with the right checksum.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {
namespace {

Ipv4 client4(const std::string& vip) {
  return {.source = kClient4, .destination = vip};
}
Ipv6 client6(const std::string& vip) {
  return {.source = kClient6, .destination = vip};
}

TEST(HostileEcho, ToVipsIsAnsweredAndToOthersPassed) {
  Frames frames;
  for (size_t n : {0, 1, 2, 3, 56, 57, 500, 511, 512, 513, 1024, 1400, 1472, 2500}) {
    const Bytes data(n, 0xa5);
    for (const std::string& vip : {kVip4, kAny4, kNet4})
      frames.push_back({"to a VIP", icmp_frame4(icmp4(8, 0, 0x12340001, data), client4(vip)),
                        Must::kBeAnswered});
    for (const std::string& vip : {kVip6, kAny6, kNet6})
      frames.push_back(
          {"to a VIP", icmp_frame6(128, 0, 0x12340001, data, client6(vip)), Must::kBeAnswered});
    for (const char* to : {"192.0.2.99", "203.0.113.2", "255.255.255.255", "192.0.2.127",
                           "224.0.0.1", "203.0.113.11", "198.51.100.9"})
      frames.push_back({to, icmp_frame4(icmp4(8, 0, 1, data), client4(to)), Must::kPass});
    for (const char* to : {"2001:db8::99", "2001:db8:b::2", "ff02::1", "2001:db8:c::9"})
      frames.push_back({to, icmp_frame6(128, 0, 1, data, client6(to)), Must::kPass});
  }
  check_hostile("echo requests by destination", frames);
}

Frames odd_echoes(const std::string& vip4, const std::string& vip6) {
  Frames f;
  const Bytes ping = icmp4(8, 0, 1, Bytes(20, 3));
  for (uint8_t code : {1, 7, 255})
    f.push_back({"code", icmp_frame4(icmp4(8, code, 1, {}), client4(vip4))});
  Ipv4 ip = client4(vip4);
  ip.tos = 0xff;
  ip.fragment = 0x4000;
  f.push_back({"TOS and DF", icmp_frame4(ping, ip), Must::kBeAnswered});
  ip = client4(vip4);
  ip.options = Bytes(8, 1);
  f.push_back({"with options", icmp_frame4(ping, ip), Must::kPass});
  f.push_back({"with a tag", tagged(icmp_frame4(ping, client4(vip4)), {0x81, 0, 0xe0, 7}),
               Must::kBeAnswered});
  f.push_back(
      {"with padding", join(icmp_frame4(ping, client4(vip4)), Bytes(30, 9)), Must::kBeAnswered});
  const Bytes behind_options = join({58, 0, 1, 4, 0, 0, 0, 0}, Bytes{128, 0, 0, 0, 0, 0, 0, 1});
  Ipv6 chain = client6(vip6);
  chain.next_header = 60;
  f.push_back({"behind an extension", frame6(chain).payload(behind_options).build(), Must::kPass});
  // The other family's ICMP is no echo.
  Ipv6 foreign6 = client6(vip6);
  foreign6.next_header = IPPROTO_ICMP;
  f.push_back({"ICMP over IPv6", frame6(foreign6).payload(ping).build()});
  Ipv4 foreign4 = client4(vip4);
  foreign4.protocol = IPPROTO_ICMPV6;
  f.push_back({"ICMPv6 over IPv4", frame4(foreign4).payload(icmp4(128, 0, 1, {})).build()});
  // Answers, and questions that are the host's.
  for (uint8_t type = 0; type < 45; type++)
    if (type != 3 && type != 8 && type != 11 && type != 12)
      f.push_back({"type", icmp_frame4(icmp4(type, 0, 1, Bytes(20)), client4(vip4)), Must::kPass});
  for (int type = 0; type < 256; type++)
    if (type != 128 && (type < 1 || type > 4))
      f.push_back({"type of ICMPv6", icmp_frame6(uint8_t(type), 0, 1, Bytes(20), client6(vip6)),
                   Must::kPass});
  return f;
}

TEST(HostileEcho, ThatIsOddIsAnsweredOrTheHosts) {
  Frames frames;
  append(frames, odd_echoes(kVip4, kVip6));
  append(frames, odd_echoes(kNet4, kNet6));
  append(frames, odd_echoes(kAny4, kAny6));
  check_hostile("odd echo requests", frames);
}

// A request whose right checksum is any of the 65,536 (its data makes up for it), and one of each
// checksum that is wrong, which must not come back right.
TEST(HostileEcho, EveryChecksumIsMendedNotMade) {
  HostileRun run("echo requests of every checksum");
  ASSERT_TRUE(run.ok());
  run.enter(worlds()[0]);
  const Bytes data(8, 0x33);
  Bytes wrong = icmp4(8, 0, 0x00010001, data);
  for (uint32_t n = 0; n < 65536; n += stride()) {
    run.run({"right", icmp_frame4(icmp4(8, 0, n, data), client4(kVip4)), Must::kBeAnswered});
    run.run({"right", icmp_frame6(128, 0, n, data, client6(kVip6)), Must::kBeAnswered});
    wrong[2] = uint8_t(n >> 8);
    wrong[3] = uint8_t(n);
    run.run({"any", icmp_frame4(wrong, client4(kVip4))});
  }
  run.finish();
}

// The IPv4 header's own: at every TTL, and damaged at every bit but those that make it another
// packet.
TEST(HostileEcho, ADamagedHeaderIsNotMadeGood) {
  Frames frames;
  const Bytes ping = icmp4(8, 0, 1, Bytes(20, 3));
  for (int ttl = 1; ttl < 256; ttl++) {
    Ipv4 ip = client4(kVip4);
    ip.ttl = uint8_t(ttl);
    ip.id = uint16_t(ttl * 257);
    frames.push_back({"TTL " + std::to_string(ttl), icmp_frame4(ping, ip), Must::kBeAnswered});
  }
  for (size_t at = 15; at < 14 + 16; at++)
    for (int bit = 0; bit < 8; bit++) {
      Bytes damaged = icmp_frame4(ping, client4(kVip4));
      damaged[at] ^= uint8_t(1u << bit);
      frames.push_back({"a damaged bit", damaged});
    }
  check_hostile("echo requests with damaged headers", frames);
}

// ---- ICMP about our own tunnels goes up, to whoever finds the path MTU.

Frames about_tunnel(const std::string& source, const std::string& backend, bool v4) {
  Frames f;
  const Bytes inner = from(tcp_to4({.destination = kVip4}, 400), 14);
  const auto udp = [](uint16_t port, const Bytes& b) {
    return join(udp_header(50000, port, b.size()), b);
  };
  const std::pair<uint8_t, Bytes> tunnels[] = {
      {4, inner},
      {41, from(tcp_to6({.destination = kVip6}, 400), 14)},
      {47, join({0, 0, 8, 0}, inner)},
      {17, udp(6080, join({0, 4, 0, 0}, inner))},
      {17, udp(6080, inner)},
      {17, udp(5555, inner)},
      {17, udp(6081, join({0, 0, 8, 0, 0, 0, 7, 0}, inner))}};
  for (const auto& [protocol, payload] : tunnels)
    for (size_t n : {size_t(8), size_t(28), size_t(48), size_t(400)}) {
      const Bytes outer =
          v4 ? PacketBuilder()
                   .ipv4({.source = source, .destination = backend, .protocol = protocol})
                   .payload(payload)
                   .build()
             : PacketBuilder()
                   .ipv6({.source = source, .destination = backend, .next_header = protocol})
                   .payload(payload)
                   .build();
      const Bytes quote = first(outer, (v4 ? 20 : 40) + n);
      f.push_back(
          {"about our own tunnel",
           v4 ? icmp_frame4(icmp4(3, 4, 1400, quote),
                            {.source = "203.0.113.254", .destination = source})
              : icmp_frame6(2, 0, 1400, quote, {.source = "2001:db8:b::fe", .destination = source}),
           Must::kPass});
    }
  return f;
}

TEST(HostileIcmp, AboutOurOwnTunnelsPassesUntouched) {
  Frames frames = about_tunnel(kSource4, "203.0.113.11", true);
  append(frames, about_tunnel(kSource6, "2001:db8:b::11", false));
  append(frames, about_tunnel("198.18.44.5", "203.0.113.21", true));
  check_hostile("ICMP about our own tunnels", frames);
}

}  // namespace
}  // namespace sluice::test
