// SPDX-License-Identifier: Apache-2.0
// What sluice-agent does with its host and its command line; its life is in either_hook_test.cc.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "agent/run_fixture.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(RunTest, WithoutItPacketsStayInTheirTunnels) {
  EXPECT_EQ(deliver("hello"), "");
}

TEST_F(RunTest, PinsWhereOnlyItsOwnerSees) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  for (const std::string& directory : {pins(), lab_->bpffs() + "/sluice-agent"}) {
    struct stat info = {};
    ASSERT_EQ(stat(directory.c_str(), &info), 0) << directory;
    EXPECT_EQ(info.st_mode & 0777, 0700u) << directory;
  }
}

TEST_F(RunTest, ProgramsOfOthersAreLeftAlone) {
  Result<UniqueFd> other = attach_xdp_pass(*backend_, "eth0");
  LAB_ASSERT_OK(other);
  const uint32_t program = xdp().program_id;
  const Exit exit = finish(run_words());
  EXPECT_EQ(exit.status, 1);
  EXPECT_THAT(exit.output, HasSubstr("another XDP program is there"));
  EXPECT_EQ(xdp().program_id, program);
  EXPECT_FALSE(fs::exists(lab_->bpffs() + "/sluice-agent")) << "nothing is left behind";
}

TEST_F(RunTest, AnInterfaceThatCannotBeHadSparesTheOthers) {
  Result<UniqueFd> other = attach_xdp_pass(*backend_, "eth0");
  LAB_ASSERT_OK(other);
  EXPECT_EQ(finish(run_words({"--interface", "lo"})).status, 1);
  Result<XdpState> lo = xdp_state(*backend_, "lo");
  LAB_ASSERT_OK(lo);
  EXPECT_EQ(lo->mode, XdpMode::kNone);
}

TEST_F(RunTest, UnloadSparesOtherInstances) {
  LAB_ASSERT_OK(start());
  EXPECT_EQ(finish({"unload", "--instance", "other", "--bpffs", lab_->bpffs()}).status, 0);
  EXPECT_EQ(deliver("hello"), "hello");
}

TEST_F(RunTest, GenericModeIsUsedWhereNothingElseIsAndSaid) {
  Result<Process> agent = start({"--interface", "lo"});
  LAB_ASSERT_OK(agent);
  EXPECT_THAT(agent->output(), HasSubstr("attached in generic mode, which is slow"));
  const nlohmann::json s = status_json();
  EXPECT_EQ(s["interfaces"][0]["mode"], "native");
  EXPECT_EQ(s["interfaces"][1]["mode"], "generic");
}

TEST_F(RunTest, NativeMeansNative) {
  const Exit exit = finish(run_words({"--interface", "lo", "--mode", "native"}));
  EXPECT_EQ(exit.status, 1);
  EXPECT_THAT(exit.output, HasSubstr("the driver has no native XDP"));
  EXPECT_EQ(xdp().mode, XdpMode::kNone);
}

TEST_F(RunTest, AnotherModeIsATakeoverToo) {
  const struct {
    std::string mode;
    XdpMode at_xdp;
  } modes[] = {{"native", XdpMode::kNative},
               {"generic", XdpMode::kGeneric},
               {"tc", XdpMode::kNone},
               {"native", XdpMode::kNative}};
  for (const auto& [mode, at_xdp] : modes) {
    LAB_ASSERT_OK(start({"--mode", mode}));
    EXPECT_EQ(xdp().mode, at_xdp);
    EXPECT_EQ(status_json()["interfaces"].size(), 1u);
    EXPECT_EQ(deliver("hello"), "hello");
    EXPECT_EQ(status_json()["decapsulated"]["packets"], 1);
  }
}

TEST_F(RunTest, AtTcItLeavesXdpToOthers) {
  Result<UniqueFd> other = attach_xdp_pass(*backend_, "eth0");
  LAB_ASSERT_OK(other);
  const uint32_t program = xdp().program_id;
  LAB_ASSERT_OK(start({"--mode", "tc"}));
  EXPECT_EQ(deliver("hello"), "hello");
  EXPECT_EQ(unload().status, 0);
  EXPECT_EQ(xdp().program_id, program);
}

TEST_F(RunTest, FollowsTheAddressesOfTheHost) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  const std::string more = "203.0.113.66";
  LAB_ASSERT_OK(backend_->netlink().add_address("eth0", more + "/24"));
  EXPECT_TRUE(comes_to_deliver(more));
  LAB_ASSERT_OK(backend_->netlink().delete_address("eth0", more + "/24"));
  LAB_ASSERT_OK(
      wait_until([&] { return status_json()["locals"].dump().find(more) == std::string::npos; },
                 kPatience, "the address to be forgotten"));
}

TEST_F(RunTest, TunnelsEndOnlyWhereLocalSays) {
  Result<Process> agent = start({"--local", kBackend6});
  LAB_ASSERT_OK(agent);
  EXPECT_EQ(deliver("hello", kBackend4), "");
  EXPECT_EQ(deliver("hello", kBackend6), "hello");
  EXPECT_EQ(status_json()["locals"], nlohmann::json{kBackend6});
}

TEST_F(RunTest, AVipIsNoPlaceWhereTunnelsEnd) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  for (const nlohmann::json& local : status_json()["locals"]) {
    EXPECT_NE(local, kVip4);
    EXPECT_NE(local, kVip6);
    EXPECT_NE(local, "127.0.0.1");
    EXPECT_NE(local, "::1");
  }
}

TEST_F(RunTest, StatusOfNothingSaysSo) {
  const Exit exit = status();
  EXPECT_EQ(exit.status, 1);
  EXPECT_THAT(exit.output, HasSubstr("nothing is pinned under"));
}

TEST_F(RunTest, WarnsOfWhatKeepsPacketsFromBeingDelivered) {
  LAB_ASSERT_OK(backend_->sysctl("net/ipv4/conf/eth0/rp_filter", "1"));
  Result<Process> agent = start({"--vip", "192.0.2.99", "--allow", "0.0.0.0/0"});
  LAB_ASSERT_OK(agent);
  EXPECT_THAT(agent->output(), HasSubstr("VIP 192.0.2.99 is no address of this host"));
  EXPECT_THAT(agent->output(), HasSubstr("rp_filter is 1 on eth0"));
  EXPECT_THAT(agent->output(), HasSubstr("--allow 0.0.0.0/0 lets everybody"));
  EXPECT_THAT(agent->output(), testing::Not(HasSubstr("VIP " + kVip4)));
}

struct BadUsage {
  std::string name;
  std::vector<std::string> words;
  int status;
  std::string says;
};

void PrintTo(const BadUsage& usage, std::ostream* os) {
  *os << usage.name;
}

class Usage : public RunTest, public testing::WithParamInterface<BadUsage> {};

TEST_P(Usage, IsRefusedInWords) {
  const Exit exit = finish(GetParam().words);
  EXPECT_EQ(exit.status, GetParam().status) << exit.output;
  EXPECT_THAT(exit.output, HasSubstr(GetParam().says));
  EXPECT_EQ(xdp().mode, XdpMode::kNone);
}

std::vector<std::string> run_with(std::vector<std::string> more) {
  std::vector<std::string> words = {"run", "--interface", "eth0",    "--vip",
                                    kVip4, "--allow",     kBalancer4};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> too_many_vips() {
  std::vector<std::string> words = run_with({"--vip"});
  for (int i = 0; i < 1024; i++)
    words.push_back("198.51." + std::to_string(i / 256) + "." + std::to_string(i % 256));
  return words;
}

const BadUsage kBad[] = {
    {"Nothing", {}, 2, "say what to do: run, status or unload"},
    {"UnknownVerb", {"fly"}, 2, "fly"},
    {"UnknownOption", run_with({"--fast"}), 2, "--fast"},
    {"NoInterface", {"run", "--vip", kVip4, "--allow", kBalancer4}, 2, "--interface is required"},
    {"NoVip", {"run", "--interface", "eth0", "--allow", kBalancer4}, 2, "--vip is required"},
    {"NoAllow", {"run", "--interface", "eth0", "--vip", kVip4}, 2, "--allow is required"},
    {"VipIsNoAddress", run_with({"--vip", "192.0.2.256"}), 2, "--vip 192.0.2.256: not an IP"},
    {"VipIsMapped", run_with({"--vip", "::ffff:192.0.2.1"}), 2, "not an IP address"},
    {"VipIsMulticast", run_with({"--vip", "224.0.0.1"}), 2, "not an address of one host"},
    {"TooManyVips", too_many_vips(), 2, "--vip: 1025 are more than the 1024"},
    {"AllowIsNoPrefix", run_with({"--allow", "x/8"}), 2, "--allow x/8: not an IP address"},
    {"AllowTooLong", run_with({"--allow", "192.0.2.0/33"}), 2, "is not in 0..32"},
    {"AllowTooLong6", run_with({"--allow", "2001:db8::/129"}), 2, "is not in 0..128"},
    {"AllowWithoutLength", run_with({"--allow", "192.0.2.0/"}), 2, "is not in 0..32"},
    {"AllowOctal", run_with({"--allow", "192.0.2.0/024"}), 2, "is not in 0..32"},
    {"AllowHostBits", run_with({"--allow", "192.0.2.1/24"}), 2, "did you mean 192.0.2.0/24?"},
    {"AllowHostBits6", run_with({"--allow", "2001:db8::1/32"}), 2, "did you mean 2001:db8::/32?"},
    {"LocalIsVip", run_with({"--local", kVip4}), 2, "--local 192.0.2.10: a VIP"},
    {"PortIsNone", run_with({"--gue", "x"}), 2, "--gue x: not a port"},
    {"PortTooLarge", run_with({"--fou", "65536"}), 2, "--fou 65536: not a port"},
    {"PortOctal", run_with({"--fou", "05555"}), 2, "--fou 05555: not a port"},
    {"NoPortAndOne", run_with({"--fou", "0", "5555"}), 2, "--fou 0: means no port at all"},
    {"PortOfTwo", run_with({"--geneve", "6080"}), 2, "--geneve 6080: already the port of another"},
    {"MssTooSmall", run_with({"--mss", "535"}), 2, "--mss 535: neither off nor auto nor in 536"},
    {"MssTooLarge", run_with({"--mss", "65496"}), 2, "--mss 65496: neither off nor auto"},
    {"MssIsNoNumber", run_with({"--mss", "some"}), 2, "--mss some: neither off nor auto"},
    {"Mode", run_with({"--mode", "fast"}), 2, "fast not in {auto,generic,native,tc}"},
    {"Instance", run_with({"--instance", "../x"}), 2, "an instance is named by"},
    {"InterfaceWithSlash", run_with({"--interface", "a/b"}), 2, "not the name of an interface"},
    {"EscapeSequence", run_with({"--vip", "\x1b[2J"}), 2, "\\x1b[2J"},
    {"OutputFormat", {"status", "-o", "xml"}, 2, "xml not in {table,json}"},
    {"BpffsIsNone", run_with({"--bpffs", "/tmp"}), 1, "/tmp is not a BPF file system"},
    {"UnknownInterface", run_with({"--interface", "eth9"}), 1, "there is no interface eth9"},
};

INSTANTIATE_TEST_SUITE_P(Bad, Usage, testing::ValuesIn(kBad),
                         [](const auto& usage) { return usage.param.name; });

}  // namespace
}  // namespace sluice::netns
