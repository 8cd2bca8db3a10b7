// SPDX-License-Identifier: Apache-2.0
// Whatever the reduced program does not leave out, it does as the host's program, byte for byte and
// counter for counter: a fleet may have both, and the rows of packet_test hold for it.
#include <linux/bpf.h>
#include <netinet/in.h>

#include <functional>
#include <map>

#include "packet/device.h"

namespace sluice::test {
namespace {

Ipv4 to_vip4() {
  return {.source = kClient4, .destination = kVip4};
}
Ipv6 to_vip6() {
  return {.source = kClient6, .destination = kVip6};
}

void add_truncations(const Bytes& whole, std::vector<Bytes>& frames) {
  for (size_t n = 14; n <= whole.size(); n++) frames.push_back(first(whole, n));
}

// Every byte of the headers, wrong in several ways.
void add_corruptions(const Bytes& whole, std::vector<Bytes>& frames) {
  for (size_t at = 0; at < std::min<size_t>(whole.size(), 60); at++)
    for (const uint8_t flip : {0x01, 0x10, 0x40, 0xff}) {
      Bytes frame = whole;
      frame[at] ^= flip;
      frames.push_back(frame);
    }
}

Bytes tagged(const Bytes& frame, const Bytes& tags) {
  return join(join(first(frame, 12), tags), from(frame, 12));
}

// A frag-needed that quotes an answer of the VIP's to the client, `quoted` bytes of it.
Bytes error4(const std::string& quoted_source, size_t quoted) {
  const Bytes answer = PacketBuilder()
                           .ethernet(kRouterMac, kOurMac)
                           .ipv4({.source = quoted_source, .destination = kClient4})
                           .tcp({80, 31337})
                           .payload(40)
                           .build();
  Ipv4 ip = to_vip4();
  ip.source = "198.51.100.99";
  ip.protocol = IPPROTO_ICMP;
  const Bytes icmp = {3, 4, 0, 0, 0, 0, 5, 0};
  return frame4(ip).payload(join(icmp, first(from(answer, 14), quoted))).build();
}

Bytes error6(size_t quoted) {
  const Bytes answer = PacketBuilder()
                           .ethernet(kRouterMac, kOurMac)
                           .ipv6({.source = kVip6, .destination = kClient6})
                           .tcp({80, 31337})
                           .payload(40)
                           .build();
  Ipv6 ip = to_vip6();
  ip.source = "2001:db8:c::99";
  ip.next_header = IPPROTO_ICMPV6;
  const Bytes icmp = {2, 0, 0, 0, 0, 0, 5, 0};
  return frame6(ip).payload(join(icmp, first(from(answer, 14), quoted))).build();
}

std::vector<Bytes> frames() {
  std::vector<Bytes> all = {
      tagged(tcp4(), {0x81, 0, 0, 7}),
      tagged(tcp6(), {0x88, 0xa8, 0, 7, 0x81, 0, 0, 8}),
      tagged(tcp4(), {0x81, 0, 0, 7, 0x81, 0, 0, 8, 0x81, 0, 0, 9}),
      error4(kVip4, 28),
      error4(kVip4, 60),
      error4(kVip4, 27),
      error4("192.0.2.77", 60),
      error6(48),
      error6(47),
      frame4(to_vip4()).udp({9, 443}).payload(1472).build(),
      frame4({.source = "203.0.113.2", .destination = kVip4, .protocol = IPPROTO_GRE})
          .payload(20)
          .build(),
      frame4({.source = "127.0.0.1", .destination = kVip4}).tcp({9, 80}).build(),
      frame6({.source = "ff02::1", .destination = kVip6}).tcp({9, 80}).build(),
  };
  for (uint16_t port : {79, 80, 81, 442, 443, 1000, 1500, 2000, 2001}) {
    all.push_back(frame4(to_vip4()).tcp({9, port}).build());
    all.push_back(frame6(to_vip6()).udp({9, port}).build());
  }
  Ipv4 options = to_vip4();
  options.options = Bytes(40, 1);
  all.push_back(tcp4(options));
  for (const Bytes& whole : {tcp4(), tcp6(), frame4(to_vip4()).udp({9, 443}).payload(9).build(),
                             frame6(to_vip6()).udp({9, 443}).payload(9).build()}) {
    add_truncations(whole, all);
    add_corruptions(whole, all);
  }
  return all;
}

// What was counted, by name.
using Reasons = std::map<std::string, uint64_t>;

Reasons reasons(const Result<Counters>& c) {
  Reasons out;
  if (!c) {
    ADD_FAILURE() << c.error().message;
    return out;
  }
  for (size_t i = 0; i < c->drops.size(); i++)
    out[std::string("drop ") + kDropTexts[i].name] = c->drops[i];
  for (size_t i = 0; i < c->passes.size(); i++)
    out[std::string("pass ") + kPassTexts[i].name] = c->passes[i];
  return out;
}

Reasons since(const Reasons& before, const Reasons& now) {
  Reasons out;
  for (const auto& [name, n] : now)
    if (n != before.at(name)) out[name] = n - before.at(name);
  return out;
}

// Frames of which check_same() does not ask that both programs do the same.
bool is_left_out(const Reasons& device) {
  for (const char* reason : {"drop FRAGMENT", "drop IPV6_CHAIN", "drop TOO_BIG", "pass ICMP"})
    if (device.contains(reason)) return true;
  return false;
}

void check_same(const Scenario& setup, const std::vector<Bytes>& in) {
  Loaded host(setup);
  OnDevice device(setup);
  ASSERT_TRUE(host.ok() && device.ok());
  int compared = 0;
  Reasons host_before = reasons(read_counters(host.dataplane(), 0));
  Reasons device_before = reasons(device.dataplane().counters(0));
  for (const Bytes& frame : in) {
    const Outcome there = device.run(frame), here = host.run(frame);
    const Reasons host_now = reasons(read_counters(host.dataplane(), 0));
    const Reasons device_now = reasons(device.dataplane().counters(0));
    const Reasons counted = since(device_before, device_now);
    if (!is_left_out(counted)) {
      ASSERT_EQ(there.action, here.action) << scapy(frame);
      ASSERT_EQ(there.packet, here.packet) << scapy(frame);
      ASSERT_EQ(counted, since(host_before, host_now)) << scapy(frame);
      compared++;
    }
    host_before = host_now;
    device_before = device_now;
  }
  EXPECT_GT(compared * 10, int(in.size()) * 9) << "too little is left";
}

using Change = std::function<void(Scenario&)>;
struct Case {
  std::string name;
  bool v6_backend;
  Change change;
};

void PrintTo(const Case& c, std::ostream* os) {
  *os << c.name;
}

Change forward(Forward f) {
  return [f](Scenario& s) { s.config.pools["pool"].backends[0].forward = f; };
}

std::vector<Case> cases() {
  return {
      {"Ipip", false, forward({.tunnel = Tunnel::kIpip})},
      {"IpipOverIpv6", true, forward({.tunnel = Tunnel::kIpip})},
      {"Gre", false, forward({.tunnel = Tunnel::kGre})},
      {"GreOverIpv6", true, forward({.tunnel = Tunnel::kGre})},
      {"Fou", false, forward({.tunnel = Tunnel::kFou, .port = 5555, .port_v6 = 5556})},
      {"GueOverIpv6", true, forward({.tunnel = Tunnel::kGue, .port = 6080, .checksum_v6 = false})},
      {"GueVariant1", false, forward({.tunnel = Tunnel::kGue, .port = 6080, .gue_variant = 1})},
      {"GeneveOverIpv6", true,
       forward({.tunnel = Tunnel::kGeneve, .port = 6081, .vni = 7, .checksum_v6 = false})},
      {"L2", false, forward({.tunnel = Tunnel::kL2})},
      {"SourcePrefix", false, forward({.source_v4 = IpPrefix::parse("198.18.0.0/16")})},
      {"ManyBackends", false,
       [](Scenario& s) {
         for (int i = 12; i < 30; i++) add_backend(s, "203.0.113." + std::to_string(i), 100);
       }},
      {"PortRanges", false,
       [](Scenario& s) {
         s.config.services[0].ports = {{.first = 1000, .last = 2000, .protocol = IPPROTO_TCP},
                                       PortRange::any(IPPROTO_UDP)};
       }},
      {"AnyProtocol", false, [](Scenario& s) { s.config.services[0].ports = {PortRange::any(0)}; }},
      {"SourceHash", false, [](Scenario& s) { s.config.services[0].hash = HashFields::kSource; }},
      {"NoBackend", false, [](Scenario& s) { s.config.pools["pool"].backends.clear(); }},
      {"OwnMacsOnly", false,
       [](Scenario& s) {
         s.macs = {*MacAddress::parse("02:00:00:00:00:77"), *MacAddress::parse(kOurMac)};
       }},
      {"OtherMacsOnly", false,
       [](Scenario& s) { s.macs = {*MacAddress::parse("02:00:00:00:00:77")}; }},
      {"VlanStripped", false,
       [](Scenario& s) { s.config.interfaces.push_back({.name = "test", .keep_vlan = false}); }},
  };
}

class DeviceSame : public testing::TestWithParam<Case> {};

TEST_P(DeviceSame, AsTheHost) {
  Scenario s = one_backend(GetParam().v6_backend);
  GetParam().change(s);
  check_same(s, frames());
}

INSTANTIATE_TEST_SUITE_P(Every, DeviceSame, testing::ValuesIn(cases()),
                         [](const auto& i) { return i.param.name; });

TEST(DeviceSame, FindsEveryVipAmongMany) {
  Scenario s = one_backend(false);
  std::vector<Bytes> in;
  for (int i = 0; i < 300; i++) {
    const std::string v4 = "192.0." + std::to_string(2 + i / 250) + "." + std::to_string(i % 250);
    s.config.services.push_back({.name = "s" + std::to_string(i),
                                 .vips = {*IpPrefix::parse(v4)},
                                 .ports = {PortRange::one(uint16_t(i + 1000), IPPROTO_TCP)},
                                 .pool = "pool"});
    const Ipv4 ip = {.source = kClient4, .destination = v4};
    in.push_back(frame4(ip).tcp({9, uint16_t(i + 1000)}).build());
    in.push_back(frame4(ip).tcp({9, uint16_t(i + 1001)}).build());
  }
  check_same(s, in);
}

}  // namespace
}  // namespace sluice::test
