// SPDX-License-Identifier: Apache-2.0
// What simulate is told of a host, what it makes up, and what it does not ask of the one it is on.
#include <cstdlib>

#include "simulate/fixture.h"

namespace sluice::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct HostTest : SimulateTest {
  void without_next_hop() const {
    std::string config = kConfig;
    config.replace(config.find("{next_hop"), 31, "{}");
    write("sluice.yaml", config);
  }
};

TEST_F(HostTest, WhatNobodySaidIsMadeUpAndToldOnce) {
  without_next_hop();
  const Outcome outcome = simulate({syn_to_vip(1), syn_to_vip(2)}, "-o json");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err,
            "sluicectl: note: eth0 has no next_hop: packets for backends go to 02:00:00:00:00:01 "
            "(--next-hop)\n"
            "sluicectl: note: no MAC address is known: frames for any are taken, and packets for "
            "backends leave from 02:00:00:00:00:02 (--mac)\n"
            "sluicectl: note: no IPv4 address is known: tunnels start at 192.0.0.8 (--local)\n");
  const std::vector<json> lines = outcome.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1]["packet"],
            hex(to_backend(syn_to_vip(2), "02:00:00:00:00:01", "192.0.0.8", "02:00:00:00:00:02")));
}

TEST_F(HostTest, AnIpv6BackendHasASourceOfItsFamily) {
  std::string config = kConfig;
  config.replace(config.find("203.0.113.11"), 12, "\"2001:db8:b::11\"");
  write("sluice.yaml", config);
  const auto outer_source = [](const json& line) {
    return line["packet"].get<std::string>().substr(2 * (14 + 8), 32);
  };
  const Outcome outcome = simulate(std::vector<Bytes>{syn_to_vip()}, "-o json" + kHost);
  EXPECT_EQ(outcome.err,
            "sluicectl: note: no IPv6 address is known: tunnels start at 100::8 (--local)\n");
  EXPECT_EQ(outer_source(outcome.lines().at(0)), "01000000000000000000000000000008");
  EXPECT_EQ(outer_source(lines({syn_to_vip()}, kHost + ",2001:db8:b::2,2001:db8:b::3")[0]),
            "20010db8000b00000000000000000002");
}

TEST_F(HostTest, TheFilesNextHopGoesBeforeTheOption) {
  EXPECT_EQ(lines({syn_to_vip()}, kHost + " --next-hop 02:00:00:00:00:77")[0]["packet"],
            hex(to_backend(syn_to_vip())));
  without_next_hop();
  EXPECT_EQ(lines({syn_to_vip()}, kHost + " --next-hop 02:00:00:00:00:77")[0]["packet"],
            hex(to_backend(syn_to_vip(), "02:00:00:00:00:77")));
}

TEST_F(HostTest, FramesForAnotherMacAreOursOnlyIfOursIsNotKnown) {
  const Bytes frame = PacketBuilder()
                          .ethernet("02:00:00:00:00:77", kRouterMac)
                          .ipv4({.source = kClient, .destination = kVip})
                          .tcp({1, 80})
                          .build();
  const json passed = lines({frame})[0];
  EXPECT_EQ(passed["verdict"], "pass");
  EXPECT_EQ(passed["reason"], "OTHER_MAC");
  EXPECT_EQ(passed["packet"], hex(frame));
  EXPECT_EQ(lines({frame}, "")[0]["verdict"], "tx");
}

TEST_F(HostTest, InterfacesAreThoseOfTheFile) {
  for (const char* option : {"--interface", "--egress"}) {
    const Outcome outcome =
        simulate(std::vector<Bytes>{syn_to_vip()}, std::string(option) + " eth7");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.err, "sluicectl: the configuration has no interface eth7, only eth0\n");
    EXPECT_EQ(outcome.out, "");
  }
}

// Loopback has the index that stands for the interface packets come in by.
TEST_F(HostTest, AnInterfaceThatThisHostHasIsNotAsked) {
  std::string config = kConfig;
  config.replace(config.find("  eth0:"), 0, "  clients: {}\n");
  config.replace(config.find("eth0"), 4, "lo");
  write("sluice.yaml", config);
  const json line = lines({syn_to_vip()})[0];
  EXPECT_EQ(line["verdict"], "redirect");
  EXPECT_EQ(line["interface"], "lo");
  EXPECT_EQ(line["packet"], hex(to_backend(syn_to_vip())));
}

TEST_F(HostTest, AHostWithoutANetworkWillDo) {
  prefix = "unshare --net";
  EXPECT_EQ(lines({syn_to_vip()})[0]["packet"], hex(to_backend(syn_to_vip())));
}

TEST_F(HostTest, ThreeCapabilitiesAreEnough) {
  prefix = "setpriv --bounding-set=-all,+bpf,+net_admin,+perfmon --inh-caps=-all";
  for (const char* where : {"xdp", "tc"}) {
    hook = where;
    EXPECT_EQ(lines({syn_to_vip()})[0]["packet"], hex(to_backend(syn_to_vip())));
  }
}

TEST_F(HostTest, MissingCapabilitiesAreNamed) {
  const std::vector<Bytes> in = {syn_to_vip()};
  prefix = "setpriv --bounding-set=-all,+bpf,+net_admin --inh-caps=-all";
  const Outcome one = simulate(in, "--out sent.pcap" + kHost);
  EXPECT_EQ(one.status, 1);
  EXPECT_EQ(one.out, "");
  EXPECT_THAT(one.err, AllOf(StartsWith("sluicectl: load the XDP program: Permission denied"),
                             HasSubstr("missing: CAP_PERFMON.\n")));
  EXPECT_FALSE(std::filesystem::exists(folder.path("sent.pcap")));
  prefix = "setpriv --bounding-set=-all --inh-caps=-all";
  EXPECT_THAT(simulate(in, kHost).err, HasSubstr("missing: CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON."));
}

// Which program it is shows where it cannot be loaded.
TEST_F(HostTest, TheModeOfTheInterfaceChoosesTheHook) {
  prefix = "setpriv --bounding-set=-all --inh-caps=-all";
  hook = "";
  const std::vector<Bytes> in = {syn_to_vip()};
  EXPECT_THAT(simulate(in, kHost).err, HasSubstr("load the XDP program: "));
  EXPECT_THAT(simulate(in, kHost + " --hook tc").err, HasSubstr("load the tc program: "));
  std::string config = kConfig;
  config.replace(config.find("{next_hop"), 1, "{mode: tc, ");
  write("sluice.yaml", config);
  EXPECT_THAT(simulate(in, kHost).err, HasSubstr("load the tc program: "));
  EXPECT_THAT(simulate(in, kHost + " --hook xdp").err, HasSubstr("load the XDP program: "));
}

TEST_F(HostTest, AFileWithErrorsIsRefusedWithTheirPlaces) {
  write("sluice.yaml", std::string(kConfig) + "nonsense: 1\nmore: 2\n");
  for (const char* output : {"", "-o json"}) {
    const Outcome outcome = simulate(std::vector<Bytes>{syn_to_vip()}, output);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("sluice.yaml:14:1: error: "),
                                   HasSubstr("sluice.yaml:15:1: error: ")));
  }
  std::filesystem::remove(folder.path("sluice.yaml"));
  EXPECT_THAT(simulate().err, HasSubstr("sluice.yaml: No such file or directory"));
}

}  // namespace
}  // namespace sluice::test
