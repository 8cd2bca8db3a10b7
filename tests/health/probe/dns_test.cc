// SPDX-License-Identifier: Apache-2.0
// The DNS probe, dnsmasq, and servers that no one would run.
#include <memory>
#include <set>
#include <thread>

#include "health/probe/ask.h"
#include "health/probe/cost.h"
#include "health/probe/dns_message.h"
#include "health/servers/name_server.h"
#include "health/servers/odd_datagrams.h"

namespace sluice::health {
namespace {

using namespace std::string_literals;

constexpr uint16_t kA = 1, kTxt = 16, kAaaa = 28;
constexpr uint8_t kServFail = 2, kNxDomain = 3, kRefused = 5;

class Dns : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new NameServer; }
  static void TearDownTestSuite() { delete std::exchange(server_, nullptr); }

  static Outcome ask(const DnsCheck& check) { return ask_dns(check, loopback(server_->port)); }

  static inline NameServer* server_ = nullptr;
};

TEST_F(Dns, RcodesThatAreWantedAreGood) {
  EXPECT_THAT(ask({.name = "www.shop.example"}), Is(Answer::kGood, "NOERROR, 1 record"));
  EXPECT_THAT(ask({.name = "WWW.shop.Example."}), Is(Answer::kGood, "NOERROR, 1 record"));
  EXPECT_THAT(ask({.name = "none.shop.example"}), Is(Answer::kBad, "NXDOMAIN, wanted NOERROR"));
  EXPECT_THAT(ask({.name = "none.shop.example", .rcodes = {0, kNxDomain}}),
              Is(Answer::kGood, "NXDOMAIN"));
  EXPECT_THAT(ask({.name = "other.example", .rcodes = {0, kNxDomain}}),
              Is(Answer::kBad, "REFUSED, wanted NOERROR, NXDOMAIN"));
  EXPECT_THAT(ask({.name = "other.example", .rcodes = {kRefused}}), Is(Answer::kGood, "REFUSED"));
  EXPECT_THAT(ask({.name = "www.shop.example", .rcodes = {kRefused}}),
              Is(Answer::kBad, "NOERROR, wanted REFUSED"));
}

TEST_F(Dns, ANameWithoutRecordsIsBadUnlessNoNameWouldDo) {
  EXPECT_THAT(ask({.name = "www.shop.example", .type = kAaaa}),
              Is(Answer::kBad, "NOERROR, but no records"));
  EXPECT_THAT(ask({.name = "www.shop.example", .type = kAaaa, .rcodes = {0, kNxDomain}}),
              Is(Answer::kGood, "NOERROR, 0 records"));
}

TEST_F(Dns, ATruncatedAnswerIsAnAnswer) {
  EXPECT_THAT(ask({.name = "large.shop.example", .type = kTxt}),
              Is(Answer::kGood, "NOERROR, truncated"));
}

TEST_F(Dns, Ipv6) {
  const Way way = {.address = *IpAddress::parse("::1"), .port = server_->port};
  EXPECT_THAT(ask_dns({.name = "www.shop.example"}, way), Is(Answer::kGood, "NOERROR, 1 record"));
}

TEST_F(Dns, AServerThatStopsOrDiesIsBadAndMayComeBack) {
  const DnsCheck check = {.name = "www.shop.example"};
  const Way way = loopback(server_->port);
  server_->child().pause();
  EXPECT_THAT(ask_dns(check, way, 200ms), Is(Answer::kBad, "no answer within 200ms"));
  server_->child().resume();
  EXPECT_THAT(ask(check), Is(Answer::kGood, "NOERROR, 1 record"));
  server_->child().kill();
  EXPECT_THAT(ask(check), Is(Answer::kBad, "connection refused"));
  server_->restart();
  EXPECT_THAT(ask(check), Is(Answer::kGood, "NOERROR, 1 record"));
}

TEST_F(Dns, WhatIsOurOwnFaultIsUnknown) {
  EXPECT_THAT(ask({.name = std::string(64, 'x') + ".example"}),
              Says(Answer::kUnknown, "cannot ask for"));
  EXPECT_THAT(ask({.name = "a..example"}), Says(Answer::kUnknown, "cannot ask for a..example"));
  Way elsewhere = loopback(server_->port);
  elsewhere.source = IpAddress::parse("192.0.2.1");
  EXPECT_THAT(ask_dns({.name = "www.shop.example"}, elsewhere),
              Is(Answer::kUnknown, "send from 192.0.2.1: Cannot assign requested address"));
}

TEST_F(Dns, CostIsBounded) {
  Turn turn;
  EXPECT_LT(cost("dns", turn, 3000,
                 [](Turn& t, Done done) {
                   return start_dns_probe(*t.probers, {.name = "www.shop.example"},
                                          loopback(server_->port), kPatience, std::move(done));
                 }),
            1'000);
}

// The header's flags of an answer to `question`, and how many records it says it has.
std::string answered(std::string question, uint8_t rcode, uint8_t records = 1) {
  question[2] = char(0x84);
  question[3] = char(rcode);
  question[7] = char(records);
  return question;
}

TEST(DnsOdd, EveryRcodeHasItsName) {
  OddDatagrams server(
      [](const std::string& q) { return std::vector{answered(q, uint8_t(q[13] - 'a'))}; });
  const auto ask = [&](const char* name) {
    return ask_dns({.name = name}, loopback(server.port())).text;
  };
  EXPECT_EQ(ask("a.example"), "NOERROR, 1 record");
  EXPECT_EQ(ask("b.example"), "FORMERR, wanted NOERROR");
  EXPECT_EQ(ask("c.example"), "SERVFAIL, wanted NOERROR");
  EXPECT_EQ(ask("e.example"), "NOTIMP, wanted NOERROR");
  EXPECT_EQ(ask("j.example"), "NOTAUTH, wanted NOERROR");
  EXPECT_EQ(ask("p.example"), "RCODE15, wanted NOERROR");
}

TEST(DnsOdd, WhatDoesNotAnswerTheQuestionIsNoAnswer) {
  OddDatagrams server([](const std::string& q) {
    std::vector<std::string> packets = {"", "x", q, q.substr(0, 12), std::string(600, '\xff')};
    std::string spoofed = answered(q, 0);
    spoofed[1] ^= 1;  // the id
    packets.push_back(spoofed);
    packets.push_back(answered(q, 0).substr(0, q.size() - 1));
    for (const size_t at : {size_t(2), size_t(5), size_t(13), q.size() - 3, q.size() - 1}) {
      std::string other = answered(q, 0);  // opcode, questions, name, type, class
      other[at] = char(other[at] ^ 0x10);
      packets.push_back(other);
    }
    std::string none = answered(q.substr(0, 12), 0);
    none[5] = 0;  // no question, and no error
    packets.push_back(none);
    return packets;
  });
  EXPECT_THAT(ask_dns({.name = "www.shop.example"}, loopback(server.port()), 300ms),
              Is(Answer::kBad, "no answer within 300ms (13 packets came that are none)"));
  EXPECT_EQ(server.questions(), 1);  // which was not asked again
}

TEST(DnsOdd, TheAnswerIsFoundBehindOthers) {
  OddDatagrams server([](const std::string& q) {
    std::string spoofed = answered(q, kServFail);
    spoofed[0] ^= 0x40;
    return std::vector{spoofed, q, answered(q, 0)};
  });
  EXPECT_THAT(ask_dns({.name = "www.shop.example"}, loopback(server.port())),
              Is(Answer::kGood, "NOERROR, 1 record"));
}

TEST(DnsOdd, AnAnswerThatCameWhileWeWereHeldUpIsGood) {
  // Behind the end of its time, so that this is what the loop sees first.
  OddDatagrams answers([](const std::string& q) {
    std::this_thread::sleep_for(200ms);
    return std::vector{q, answered(q, 0)};
  });
  OddDatagrams silent([](const std::string&) { return OddDatagrams::Packets{}; });
  const auto ask_held_up = [](uint16_t port) {
    Turn turn;
    return turn.ask([&](Done done) {
      std::unique_ptr<Probe> probe = start_dns_probe(*turn.probers, {.name = "www.shop.example"},
                                                     loopback(port), 100ms, std::move(done));
      std::this_thread::sleep_for(400ms);  // the loop stands still
      return probe;
    });
  };
  EXPECT_THAT(ask_held_up(answers.port()), Is(Answer::kGood, "NOERROR, 1 record"));
  EXPECT_THAT(ask_held_up(silent.port()), Says(Answer::kUnknown, "but we were held up for"));
}

TEST(DnsOdd, AnErrorNeedNotRepeatTheQuestion) {
  OddDatagrams server([](const std::string& q) {
    std::string error = answered(q.substr(0, 12), kServFail, 0);
    error[5] = 0;
    return std::vector{error};
  });
  EXPECT_THAT(ask_dns({.name = "www.shop.example"}, loopback(server.port())),
              Is(Answer::kBad, "SERVFAIL, wanted NOERROR"));
}

TEST(DnsOdd, QuestionsAreWellFormedAndHardToGuess) {
  std::set<std::string> ids;
  OddDatagrams server([&](const std::string& q) {
    ids.insert(q.substr(0, 2));
    EXPECT_EQ(q.substr(2),
              "\x01\0\0\x01\0\0\0\0\0\0\x03www\x04shop\x07"
              "example\0\0\x1c\0\x01"s);
    return std::vector{answered(q, 0)};
  });
  for (int i = 0; i < 20; i++)
    EXPECT_EQ(ask_dns({.name = "www.shop.example", .type = kAaaa}, loopback(server.port())).answer,
              Answer::kGood);
  EXPECT_GE(ids.size(), 18u);
  EXPECT_GE(server.ports().size(), 15u);
}

TEST(DnsOdd, AnswersAreNeverReadBeyondTheirEnd) {
  const std::string question = must(encode_dns_question({.name = "www.shop.example"}, 7));
  const std::string whole = answered(question, 0);
  for (size_t size = 0; size < whole.size(); size++) {
    // A buffer of just this size, for the sanitizer.
    const std::unique_ptr<char[]> bytes(new char[size]);
    whole.copy(bytes.get(), size);
    EXPECT_FALSE(decode_dns_answer(question, {bytes.get(), size})) << size;
  }
  EXPECT_TRUE(decode_dns_answer(question, whole));
  EXPECT_EQ(must(encode_dns_question({.name = ".", .type = kA}, 7)),
            "\0\x07\x01\0\0\x01\0\0\0\0\0\0\0\0\x01\0\x01"s);
}

}  // namespace
}  // namespace sluice::health
