// SPDX-License-Identifier: Apache-2.0
// A capture of ten thousand mixed packets.
#include <chrono>
#include <map>

#include "simulate/fixture.h"

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr int kPackets = 10'000, kKinds = 8;

Bytes to_vip6(uint16_t port) {
  return PacketBuilder()
      .ethernet(kMac, kRouterMac)
      .ipv6({.source = "2001:db8:c::7", .destination = kVip6})
      .tcp({port, 80})
      .payload(1000)
      .build();
}

Bytes fragment(uint16_t id, uint16_t field) {
  return PacketBuilder()
      .ethernet(kMac, kRouterMac)
      .ipv4({.source = kClient, .destination = kVip, .id = id, .fragment = field, .protocol = 6})
      .payload(field & 0x2000 ? join({0x12, 0x34, 0, 80}, Bytes(20)) : Bytes(24))
      .build();
}

// The kinds in turn; each is what its fate is counted under below.
Bytes packet(int i) {
  const uint16_t n = uint16_t(i);
  switch (i % kKinds) {
    case 0:
      return syn_to_vip(n);
    case 1:
      return to_vip6(n);
    case 2:
      return fragment(n, 0x2000);
    case 3:
      return fragment(uint16_t(n - 1), 3);
    case 4:
      return fragment(uint16_t(20'000 + i), 3);
    case 5:
      return icmp4({8, 0, 0, 0, uint8_t(i >> 8), uint8_t(i), 0, 1});
    case 6:
      return PacketBuilder()
          .ethernet(kMac, kRouterMac)
          .ipv4({.source = kClient, .destination = kVip})
          .tcp({n, 80})
          .payload(1460)
          .build();
    default:
      return icmp4({8, 0, 0, 0, 0, 0, 0, 1}, "203.0.113.99");
  }
}

struct LargeTest : SimulateTest {};

TEST_F(LargeTest, TenThousandMixedPacketsTakeLessThanFiveSeconds) {
  std::vector<Bytes> in;
  for (int i = 0; i < kPackets; i++) in.push_back(packet(i));
  write("in.pcap", file_of(capture_of(in)));
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = simulate("-o json --out sent.pcap" + kHost);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_LT(took.count(), 5);
  RecordProperty("seconds", std::to_string(took.count()));

  std::map<std::string, int> fates;
  size_t sent = 0;
  const std::vector<json> lines = outcome.lines();
  ASSERT_EQ(lines.size(), size_t(kPackets));
  for (size_t i = 0; i < lines.size(); i++) {
    EXPECT_EQ(lines[i]["index"], i);
    if (lines[i]["verdict"] == "tx") sent++;
    fates[lines[i]["verdict"].get<std::string>() + " " + lines[i]["reason"].dump()]++;
  }
  const int each = kPackets / kKinds;
  const std::map<std::string, int> expected = {{"tx null", 4 * each},
                                               {"tx \"ECHO\"", each},
                                               {"tx \"TOO_BIG\"", each},
                                               {"drop \"FRAGMENT\"", each},
                                               {"pass \"NOT_VIP\"", each}};
  EXPECT_EQ(fates, expected);
  EXPECT_EQ(capture_in(read("sent.pcap")).frames.size(), sent);
}

// No answer is held back and nothing is left to chance, whatever the hook.
TEST_F(LargeTest, ASimulationCanBeRepeated) {
  std::vector<Bytes> in;
  for (int i = 0; i < 2'000; i++) in.push_back(packet(i));
  const Outcome once = simulate(in, "-o json" + kHost);
  EXPECT_EQ(once.lines().size(), in.size());
  EXPECT_EQ(simulate(in, "-o json" + kHost).out, once.out);
  hook = "tc";
  EXPECT_EQ(simulate(in, "-o json" + kHost).out, once.out);
}

}  // namespace
}  // namespace sluice::test
