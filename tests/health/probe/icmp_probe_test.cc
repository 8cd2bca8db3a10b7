// SPDX-License-Identifier: Apache-2.0
#include "health/probe/icmp_probe.h"

#include <sys/socket.h>

#include <thread>

#include "health/fixture.h"
#include "health/neighbour.h"
#include "health/probe/echo.h"

namespace sluice::health {
namespace {

void expect(const Outcome& outcome, Answer answer, const std::string& text) {
  EXPECT_EQ(int(outcome.answer), int(answer)) << outcome.text;
  EXPECT_EQ(outcome.text, text);
}

TEST(Echo, ARequestIsAsRfc792HasIt) {
  const std::string request =
      echo_request(AF_INET, {.id = 0x1234, .sequence = 0x0102, .token = 0, .payload = 9});
  // 08 00, checksum, id, sequence; eight bytes of token, and one that counts.
  // ~(0800+1234+0102+0800)
  EXPECT_EQ(request, std::string("\x08\x00\xdc\xc9\x12\x34\x01\x02\0\0\0\0\0\0\0\0\x08", 17));
  EXPECT_EQ(echo_request(AF_INET6, {.payload = 8}).substr(0, 4), std::string("\x80\0\0\0", 4));
}

TEST(Echo, AReplyIsTheRequestsOrSaysWhatIsWrong) {
  const Echo echo = {.id = 7, .sequence = 8, .token = 0x1122334455667788, .payload = 100};
  std::string reply = echo_request(AF_INET, echo);
  EXPECT_FALSE(reply_token(AF_INET, reply));  // it is a request still
  reply[0] = 0;
  ASSERT_EQ(reply_token(AF_INET, reply), echo.token);
  EXPECT_FALSE(reply_token(AF_INET, reply.substr(0, 15)));
  EXPECT_EQ(wrong_with_reply(AF_INET, reply, echo, true), "");
  EXPECT_EQ(wrong_with_reply(AF_INET, reply.substr(0, 60), echo, true),
            "52 bytes of 100 came back");
  std::string other = reply;
  other[99] ^= 1;
  EXPECT_EQ(wrong_with_reply(AF_INET, other, echo, true), "other bytes came back than were sent");
  other = reply;
  other[5] ^= 1;  // the id
  EXPECT_NE(wrong_with_reply(AF_INET, other, echo, true), "");
  EXPECT_EQ(wrong_with_reply(AF_INET, other, echo, false), "");
  other = reply;
  other[7] ^= 1;  // the sequence number
  EXPECT_NE(wrong_with_reply(AF_INET, other, echo, false), "");
}

// With ping sockets and, where the group is not let, with the raw one.
struct IcmpProbeTest : testing::TestWithParam<const char*> {
  void in_namespace(const std::function<void()>& f) {
    in_new_namespace([&] {
      set_sysctl("net/ipv4/ping_group_range", GetParam());
      f();
    });
  }
};
INSTANTIATE_TEST_SUITE_P(Sockets, IcmpProbeTest, testing::Values("0 0", "1 0"),
                         [](const testing::TestParamInfo<const char*>& p) {
                           return std::string(p.param[0] == '0' ? "Ping" : "Raw");
                         });

TEST_P(IcmpProbeTest, AnEchoIsGood) {
  in_namespace([] {
    for (const char* address : {"127.0.0.1", "::1"}) {
      Way with_source = way(address);
      expect(ask(check(IcmpCheck{}), with_source), Answer::kGood, "answered, with 56 bytes");
      with_source.source = with_source.address;
      expect(ask(check(IcmpCheck{}), with_source), Answer::kGood, "answered, with 56 bytes");
    }
  });
}

TEST_P(IcmpProbeTest, NoEchoIsBad) {
  in_namespace([] {
    set_sysctl("net/ipv4/icmp_echo_ignore_all", "1");
    set_sysctl("net/ipv6/icmp/echo_ignore_all", "1");
    for (const char* address : {"127.0.0.1", "::1"})
      expect(ask(check(IcmpCheck{}, milliseconds(100)), way(address)), Answer::kBad,
             "no answer within 100ms");
  });
}

TEST_P(IcmpProbeTest, ThePacketIsAsLargeAsTheWay) {
  in_namespace([] {
    for (const auto& [address, payload] :
         {std::pair("127.0.0.1", 1400 - 28), std::pair("::1", 1400 - 48)}) {
      Way full = way(address);
      full.max_packet = 1400;
      expect(ask(check(IcmpCheck{}), full), Answer::kGood,
             "answered, with " + std::to_string(payload) + " bytes");
    }
  });
}

TEST_P(IcmpProbeTest, APacketThatOurOwnInterfaceDoesNotTakeIsUnknown) {
  in_namespace([] {
    shell("ip link set lo mtu 1500");
    for (const char* address : {"127.0.0.1", "::1"}) {
      Way full = way(address);
      full.max_packet = 1500;
      EXPECT_EQ(int(ask(check(IcmpCheck{}), full).answer), int(Answer::kGood));
      full.max_packet = 1501;
      expect(ask(check(IcmpCheck{}), full), Answer::kUnknown,
             std::string("send an echo request: ") +
                 (GetParam()[0] == '0' ? "message too long" : "Message too long"));
    }
  });
}

// A router says so each time, and not only until the kernel has learnt of it. Raw sockets do not
// hear routers.
TEST_P(IcmpProbeTest, AnMtuThatIsTooSmallOnTheWayIsBad) {
  in_namespace([] {
    const Neighbour router;
    shell("ip link add v0 type veth peer v1 netns " + router.id());
    shell("ip addr add 198.51.100.1/24 dev v0 && ip link set v0 up");
    router.run("ip addr add 198.51.100.2/24 dev v1");
    router.run("ip link set v1 up");
    router.run("ip link add v2 up type veth peer v3");
    router.run("ip link set v3 up");
    router.run("sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'");
    router.run("ip route add 203.0.113.7 dev v2 mtu 1300");
    shell("ip route add 203.0.113.7 via 198.51.100.2");
    Way full = way("198.51.100.2");
    full.max_packet = 1400;
    expect(ask(check(IcmpCheck{}), full), Answer::kGood, "answered, with 1372 bytes");
    full.address = IpAddress::parse("203.0.113.7").value();
    for (int i = 0; i < 3; i++)
      expect(ask(check(IcmpCheck{}, milliseconds(200)), full), Answer::kBad,
             GetParam()[0] == '0'
                 ? "message too long"
                 : "no answer to an echo request in a packet of 1400 bytes within 200ms");
  });
}

TEST_P(IcmpProbeTest, GoesTheWayOfItsMark) {
  in_namespace([] {
    for (const char* family : {"-4", "-6"}) {
      const std::string rule = std::string("ip ") + family + " rule ";
      shell(rule + "del pref 0 && " + rule + "add pref 10 lookup local");
      shell(rule + "add pref 1 fwmark 77 prohibit");
    }
    for (const char* address : {"127.0.0.1", "::1"}) {
      Way marked = way(address);
      EXPECT_EQ(int(ask(check(IcmpCheck{}), marked).answer), int(Answer::kGood));
      marked.mark = 77;
      const Outcome outcome = ask(check(IcmpCheck{}, milliseconds(300)), marked);
      EXPECT_EQ(int(outcome.answer), int(Answer::kUnknown)) << outcome.text;
    }
  });
}

TEST_P(IcmpProbeTest, IsUnknownWithoutARoute) {
  in_namespace([] {
    for (const char* address : {"198.51.100.1", "2001:db8::1"}) {
      const Outcome outcome = ask(check(IcmpCheck{}), way(address));
      EXPECT_EQ(int(outcome.answer), int(Answer::kUnknown)) << outcome.text;
      EXPECT_NE(outcome.text.find("etwork is unreachable"), std::string::npos) << outcome.text;
    }
  });
}

TEST_P(IcmpProbeTest, IsUnknownWithoutADescriptor) {
  in_namespace([] {
    Asker asker;
    {
      const NoDescriptors none;
      asker.begin(check(IcmpCheck{}), way("127.0.0.1"));
    }
    asker.run();
    EXPECT_EQ(int(asker.outcomes()[0]->answer), int(Answer::kUnknown));
  });
}

TEST_P(IcmpProbeTest, ManyAtOnceHearTheirOwn) {
  in_namespace([] {
    set_sysctl("net/ipv4/icmp_ratelimit", "0");
    Asker asker;
    for (int i = 0; i < 500; i++) {
      asker.begin(check(IcmpCheck{}), way("127.0.0." + std::to_string(1 + i % 200)));
      asker.begin(check(IcmpCheck{}), way("::1"));
    }
    asker.run();
    for (const std::optional<Outcome>& outcome : asker.outcomes())
      EXPECT_EQ(int(outcome->answer), int(Answer::kGood)) << outcome->text;
  });
}

TEST_P(IcmpProbeTest, AnAnswerThatCameWhileWeWereHeldUpIsGood) {
  in_namespace([] {
    Asker asker;
    asker.begin(check(IcmpCheck{}, milliseconds(100)), way("127.0.0.1"));
    std::this_thread::sleep_for(milliseconds(400));  // the loop stands still
    asker.run();
    expect(*asker.outcomes()[0], Answer::kGood, "answered, with 56 bytes");
  });
}

TEST_P(IcmpProbeTest, OfOneThatIsDestroyedNothingIsHeard) {
  in_namespace([] {
    Asker asker;
    asker.begin(check(IcmpCheck{}, milliseconds(50)), way("127.0.0.1"));
    asker.forget();
    asker.run_for(milliseconds(150));
    EXPECT_FALSE(asker.outcomes()[0]);
  });
}

}  // namespace
}  // namespace sluice::health
