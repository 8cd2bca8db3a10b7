// SPDX-License-Identifier: Apache-2.0
// The life of sluice-agent where its program may be at either hook: it starts, ends, is taken over
// and taken away, and what becomes of packets.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <net/if.h>

#include <atomic>
#include <thread>

#include "agent/run_fixture.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

struct HookCase {
  std::string mode;                // for --mode
  std::string hook;                // as status shows it
  std::vector<std::string> shows;  // what the mode may turn out to be
};

void PrintTo(const HookCase& c, std::ostream* out) {
  *out << c.mode;
}

// The id of the program at tc ingress by TCX, or by clsact as sluice's first there; 0 if none is.
Result<uint32_t> tc_program_id(const std::string& device) {
  const unsigned ifindex = if_nametoindex(device.c_str());
  uint32_t attach_flags = 0, ids[8] = {}, count = std::size(ids);
  const auto tcx_ingress = static_cast<bpf_attach_type>(46);
  if (bpf_prog_query(int(ifindex), tcx_ingress, 0, &attach_flags, ids, &count) == 0 && count != 0)
    return ids[0];
  LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = int(ifindex), .attach_point = BPF_TC_INGRESS);
  LIBBPF_OPTS(bpf_tc_opts, filter, .handle = 0x736c, .priority = 17);
  return bpf_tc_query(&hook, &filter) == 0 ? filter.prog_id : 0u;
}

class EitherHook : public RunTest, public testing::WithParamInterface<HookCase> {
 protected:
  void SetUp() override {
    RunTest::SetUp();
    always_ = {"--mode", GetParam().mode};
  }
  uint32_t program_id(const std::string& device = "eth0") {
    if (GetParam().hook == "XDP") {
      const Result<XdpState> state = xdp_state(*backend_, device);
      return state ? state->program_id : 0;
    }
    return *backend_->run([&] { return tc_program_id(device); });
  }
};

TEST_P(EitherHook, DeliversAllFourFamilies) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  EXPECT_NE(program_id(), 0u);
  Result<UniqueFd> at_vip6 = udp_listener(*backend_, kVip6, kPort);
  LAB_ASSERT_OK(at_vip6);
  for (const std::string& end : {kBackend4, kBackend6}) {
    EXPECT_EQ(deliver("v4 by " + end, end), "v4 by " + end);
    const std::string text = "v6 by " + end;
    LAB_ASSERT_OK(send_encapsulated(*balancer_, end, udp_packet(kClient6, kVip6, kPort, text)));
    EXPECT_EQ(receive(*at_vip6, kPatience), text);
  }
}

TEST_P(EitherHook, WorksOnWithoutItsProcess) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    Result<Process> agent = start();
    LAB_ASSERT_OK(agent);
    Result<Exit> exit = signal == SIGTERM ? agent->stop() : agent->kill();
    LAB_ASSERT_OK(exit);
    if (signal == SIGTERM) {
      EXPECT_EQ(exit->status, 0) << exit->output;
    }
    EXPECT_EQ(deliver("hello"), "hello");
  }
}

// Numbered packets while one process follows another: each must arrive.
TEST_P(EitherHook, TakesOverWithoutLosingAPacket) {
  Result<Process> first = start();
  LAB_ASSERT_OK(first);
  ASSERT_TRUE(comes_to_deliver());
  std::atomic<size_t> sent = 0;
  std::jthread sender([&](const std::stop_token& enough) {
    while (!enough.stop_requested() && send(std::to_string(sent))) {
      sent++;
      (void)pause_for(milliseconds(1));
    }
  });
  const uint32_t program = program_id();
  LAB_ASSERT_OK(first->stop());
  for (int i = 0; i < 5; i++) {
    Result<Process> next = start();
    LAB_ASSERT_OK(next);
    LAB_ASSERT_OK(next->stop());
  }
  sender.request_stop();
  sender.join();
  EXPECT_NE(program_id(), program);
  EXPECT_GT(sent, 50u);
  for (size_t i = 0; i < sent; i++) ASSERT_EQ(receive(at_vip_, kSilence), std::to_string(i));
}

// The maps that are pinned are those of the program that runs.
TEST_P(EitherHook, AfterATakeoverStatusCountsAndKnowsTheNewSettings) {
  LAB_ASSERT_OK(start());
  LAB_ASSERT_OK(start({"--vip", "192.0.2.77", "--allow", "198.51.100.0/24"}));
  EXPECT_EQ(deliver("hello"), "hello");
  const nlohmann::json s = status_json();
  EXPECT_EQ(s["vips"], (nlohmann::json{kVip4, "192.0.2.77", kVip6}));
  EXPECT_EQ(s["allowed"],
            (nlohmann::json{"198.51.100.0/24", kBalancer4 + "/32", kBalancer6 + "/128"}));
  EXPECT_EQ(s["decapsulated"]["packets"], 1);
}

TEST_P(EitherHook, ASecondOneOfTheSameInstanceIsRefused) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  const uint32_t program = program_id();
  const Exit second = finish(run_words());
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.output, HasSubstr("another sluice-agent runs instance \"test\""));
  EXPECT_EQ(program_id(), program);
  EXPECT_EQ(deliver("hello"), "hello");
}

TEST_P(EitherHook, UnloadRemovesEverythingAndEndsTheProcess) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  const Exit done = unload();
  EXPECT_EQ(done.status, 0) << done.output;
  Result<Exit> end = agent->wait(kPatience);
  LAB_ASSERT_OK(end);
  EXPECT_EQ(end->status, 0) << end->output;
  EXPECT_THAT(end->output, HasSubstr("unloaded"));
  EXPECT_EQ(program_id(), 0u);
  EXPECT_FALSE(fs::exists(lab_->bpffs() + "/sluice-agent"));
  EXPECT_EQ(deliver("hello"), "");
}

TEST_P(EitherHook, UnloadRemovesWhatAProcessLeft) {
  LAB_ASSERT_OK(start());
  EXPECT_NE(program_id(), 0u);
  EXPECT_EQ(unload().status, 0);
  EXPECT_EQ(program_id(), 0u);
  EXPECT_FALSE(fs::exists(lab_->bpffs() + "/sluice-agent"));
  const Exit again = unload();
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.output, HasSubstr("nothing to unload"));
}

TEST_P(EitherHook, AnInterfaceNoLongerAskedForIsDetached) {
  LAB_ASSERT_OK(start({"--interface", "lo"}));
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  EXPECT_THAT(agent->output(), HasSubstr("lo: no longer asked for"));
  EXPECT_EQ(program_id("lo"), 0u);
  EXPECT_NE(program_id(), 0u);
}

TEST_P(EitherHook, AttachesAgainToAnInterfaceThatWasDeletedAndMadeAgain) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  link_.reset();
  LAB_ASSERT_OK(
      wait_until([&] { return agent->output().find("the interface is gone") != std::string::npos; },
                 kPatience, "the agent to notice"));
  EXPECT_EQ(status_json()["interfaces"][0]["mode"], "gone");
  ASSERT_NO_FATAL_FAILURE(connect());
  EXPECT_TRUE(comes_to_deliver());
  EXPECT_NE(program_id(), 0u);
  EXPECT_TRUE(agent->running());
}

TEST_P(EitherHook, AStartFindsTheLinkOfADeletedInterface) {
  LAB_ASSERT_OK(start());
  link_.reset();
  ASSERT_NO_FATAL_FAILURE(connect());
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  EXPECT_EQ(deliver("hello"), "hello");
}

TEST_P(EitherHook, AnInterfaceWithADotInItsName) {
  Result<std::unique_ptr<Link>> dotted =
      Link::connect({.host = balancer_.get(), .device = "eth0.7", .addresses = {}},
                    {.host = backend_.get(), .device = "eth0.7", .addresses = {}}, {.number = 2});
  LAB_ASSERT_OK(dotted);
  Result<Process> agent = start({"--interface", "eth0.7"});
  LAB_ASSERT_OK(agent);
  EXPECT_EQ(status_json()["interfaces"][1]["name"], "eth0.7");
  LAB_ASSERT_OK(agent->stop());
  Result<Process> again = start({"--interface", "eth0.7"});
  LAB_ASSERT_OK(again);
  EXPECT_THAT(again->output(), testing::Not(HasSubstr("no longer asked for")));
}

TEST_P(EitherHook, StatusCountsEveryPacket) {
  Result<Process> agent = start();
  LAB_ASSERT_OK(agent);
  const Bytes stranger = udp_packet(kClient4, "192.0.2.11", kPort, "not for a VIP");
  LAB_ASSERT_OK(send_encapsulated(*balancer_, kBackend4, stranger));
  EXPECT_EQ(deliver("hello"), "hello");
  EXPECT_EQ(deliver("again"), "again");
  const nlohmann::json s = status_json();
  EXPECT_EQ(s["interfaces"][0]["name"], "eth0");
  EXPECT_EQ(s["interfaces"][0]["hook"], GetParam().hook);
  EXPECT_THAT(GetParam().shows, Contains(s["interfaces"][0]["mode"].get<std::string>()));
  EXPECT_EQ(s["decapsulated"]["packets"], 2);
  EXPECT_EQ(s["decapsulated"]["bytes"], 2 * (20 + 8 + 5));
  EXPECT_EQ(s["drops"]["NOT_OUR_VIP"], 1);
  EXPECT_EQ(s["drops"]["SOURCE"], 0);
  const Exit text = status();
  EXPECT_EQ(text.status, 0);
  EXPECT_THAT(text.output, HasSubstr("2 packets, 66 bytes"));
  EXPECT_THAT(text.output, HasSubstr("the inner destination is not one of the VIPs"));
}

const HookCase kHooks[] = {{"auto", "XDP", {"native", "generic"}}, {"tc", "tc", {"tcx", "clsact"}}};
INSTANTIATE_TEST_SUITE_P(Run, EitherHook, testing::ValuesIn(kHooks),
                         [](const auto& c) { return c.param.mode; });

}  // namespace
}  // namespace sluice::netns
