// SPDX-License-Identifier: Apache-2.0
// What the settings of `run` make of packets: the ports of tunnels, and the MSS of VIPs.
#include <gmock/gmock.h>

#include "agent/run_fixture.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(RunTest, TheUsualPortsAreTunnels) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  LAB_ASSERT_OK(send_in_udp("fou", 5555));
  EXPECT_EQ(receive(at_vip_, kPatience), "fou");
  LAB_ASSERT_OK(send_in_udp("gue", 6080));
  EXPECT_EQ(receive(at_vip_, kPatience), "gue");
  const nlohmann::json s = status_json();
  EXPECT_EQ(s["ports"].size(), 3u);
  EXPECT_EQ(s["tunnels"]["FOU"]["packets"], 1);
  EXPECT_EQ(s["tunnels"]["GUE"]["packets"], 1);
  EXPECT_EQ(s["tunnels"]["IPIP"]["packets"], 0);
  EXPECT_EQ(s["decapsulated"]["packets"], 2);
  EXPECT_THAT(status().output, HasSubstr("5555 (FOU), 6080 (GUE), 6081 (GENEVE)"));
}

TEST_F(RunTest, PortsAreThoseThatAreAskedFor) {
  Result<Process> agent = start({"--fou", "7000", "7001", "--gue", "0", "--geneve", "0"});
  LAB_ASSERT_OK(agent);
  for (const uint16_t port : {5555, 6080}) {
    LAB_ASSERT_OK(send_in_udp("nobody's", port));
    EXPECT_EQ(receive(at_vip_, kSilence), "");
  }
  for (const uint16_t port : {7000, 7001}) {
    LAB_ASSERT_OK(send_in_udp("fou", port));
    EXPECT_EQ(receive(at_vip_, kPatience), "fou");
  }
  EXPECT_EQ(status_json()["ports"].size(), 2u);
}

TEST_F(RunTest, MssIsLeftAloneUnlessAskedFor) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  EXPECT_EQ(mss_of_vip(), 1460);
}

// IPv6 outside, and Geneve with an Ethernet frame: 70 bytes.
TEST_F(RunTest, AutomaticMssLeavesRoomForTheLargestTunnel) {
  Result<Process> agent = start({"--mss", "auto"});
  LAB_ASSERT_OK(agent);
  EXPECT_EQ(mss_of_vip(), 1390);
  LAB_ASSERT_OK(agent->stop());
  EXPECT_EQ(mss_of_vip(), 1390) << "goes on without its process";
  LAB_ASSERT_OK(start({"--mss", "auto", "--geneve", "0"}));
  EXPECT_EQ(mss_of_vip(), 1404) << "GRE";
}

TEST_F(RunTest, MssIsExchangedAndTakenAway) {
  LAB_ASSERT_OK(start({"--mss", "1000"}));
  EXPECT_EQ(mss_of_vip(), 1000);
  LAB_ASSERT_OK(start({"--mss", "1200"}));
  EXPECT_EQ(mss_of_vip(), 1200);
  LAB_ASSERT_OK(start());
  EXPECT_EQ(mss_of_vip(), 1460) << "no longer asked for";
  LAB_ASSERT_OK(start({"--mss", "1300"}));
  EXPECT_EQ(mss_of_vip(), 1300);
  const Exit done = unload();
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("no longer lowering the MSS on eth0"));
  EXPECT_EQ(mss_of_vip(), 1460);
  EXPECT_FALSE(fs::exists(lab_->bpffs() + "/sluice-agent"));
}

}  // namespace
}  // namespace sluice::netns
