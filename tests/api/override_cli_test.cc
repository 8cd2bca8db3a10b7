// SPDX-License-Identifier: Apache-2.0
// `sluicectl backend` and `node drain`, `disable`, `ready` and `auto`, against backends in memory.
#include <gmock/gmock.h>

#include "api/cli_fixture.h"

namespace sluice::api {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using What = BackendOrder::What;
using std::chrono::seconds;

struct OverrideCliTest : CliTest {
  RunningServer server{socket};
};

TEST_F(OverrideCliTest, ADrainSaysWhatIsLeft) {
  const Outcome outcome = run("backend drain web/be1 --for 10m --reason 'new disks'");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out,
            R"(web/be1 (198.51.100.1): drained until 2024-02-29T12:10:00Z (in 10m00s); )"
            R"(left: 7 flows, 3 closing, 42 packets/s
198.51.100.1 is dns/ns1 as well, and gets packets as such: `sluicectl node drain 198.51.100.1` )"
            R"(means all of its backends
)");
  EXPECT_EQ(server.backends.last_order().what, What::kDrain);
  EXPECT_EQ(server.backends.last_order().lasts, seconds(600));
  EXPECT_EQ(server.backends.last_order().reason, "new disks");
}

TEST_F(OverrideCliTest, EachVerbSaysItsWord) {
  const struct {
    const char* arguments;
    What what;
    const char* out;
  } kRows[] = {
      {"backend disable web/be2", What::kDisable, "web/be2 (2001:db8::2): disabled"},
      {"backend ready web/be2 --for 2h", What::kReady, "web/be2 (2001:db8::2): ready-forced until"},
      {"backend auto web/be2", What::kAuto, "web/be2 (2001:db8::2): down; left: 3 flows"},
      {"node drain 198.51.100.1", What::kDrain, "dns/ns1 (198.51.100.1): drained; left: "},
      {"node disable 198.51.100.1 --for 7d", What::kDisable, "dns/ns1 (198.51.100.1): disabled"},
      {"node ready 198.51.100.1", What::kReady,
       "dns/ns1 (198.51.100.1): ready-forced\n"
       "web/be1 (198.51.100.1): ready-forced\n"},
      {"node auto 198.51.100.1", What::kAuto,
       "dns/ns1 (198.51.100.1): up\n"
       "web/be1 (198.51.100.1): up\n"},
      {"node auto 2001:db8::2", What::kAuto, "nothing changes, it was so already\nweb/be2 "},
  };
  for (const auto& row : kRows) {
    const Outcome outcome = run(row.arguments);
    EXPECT_EQ(outcome.status, 0) << row.arguments << outcome.err;
    EXPECT_EQ(server.backends.last_order().what, row.what) << row.arguments;
    EXPECT_THAT(outcome.out, StartsWith(row.out)) << row.arguments;
    EXPECT_THAT(outcome.out, Not(HasSubstr("as well"))) << row.arguments;
  }
}

TEST_F(OverrideCliTest, OneOfABackendThatIsGoneIsUndone) {
  server.backends.say("web/gone", {.of = "web/gone", .what = "drain", .unknown = true});
  const Outcome outcome = run("backend auto web/gone");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "undone; the configuration has no such backend\n");
}

TEST_F(OverrideCliTest, WhoAsksIsSaid) {
  ::setenv("SUDO_USER", "alice", 1);
  run("backend drain web/be1");
  const std::string by = server.backends.last_order().by;
  ::setenv("SUDO_USER", "al\nice", 1);
  run("backend drain web/be1");
  const std::string forged = server.backends.last_order().by;
  ::unsetenv("SUDO_USER");
  // It means something only if it comes from root, who is asked for it here.
  const std::string uid = "uid " + std::to_string(::geteuid());
  EXPECT_EQ(forged.find("al\nice"), forged.npos);
  EXPECT_NE(forged.find(uid), forged.npos) << forged;
  if (::geteuid() == 0) {
    EXPECT_EQ(by, "alice (uid 0)");
    EXPECT_EQ(forged, "uid 0");
  } else {
    EXPECT_EQ(by.find("alice ("), by.npos) << by;
  }
}

TEST_F(OverrideCliTest, JsonIsTheServersDocument) {
  const Outcome outcome = run("-o json backend drain web/be1");
  EXPECT_EQ(outcome.status, 0);
  const auto done = from_document<Overridden>(nlohmann::json::parse(outcome.out)).value();
  EXPECT_TRUE(done.changed);
  EXPECT_EQ(done.backends[0].state, "drained");
}

TEST_F(OverrideCliTest, WhatWillNotSurviveARestartIsSaid) {
  server.backends.fill_disk();
  const Outcome outcome = run("backend drain web/be1");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err,
            "sluicectl: WARNING: it will not survive a restart of sluiced: No space left "
            "\\x1b[31mon device\n");
}

// Seven flows, five fewer at each poll.
TEST_F(OverrideCliTest, AWaitEndsWhenNothingIsLeft) {
  server.backends.set_remaining({.known = true, .flows = 7});
  const Outcome outcome = run("backend drain web/be2 --wait");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, R"(web/be2 (2001:db8::2): drained; left: 7 flows, no packet for 0.0s
nothing is left: no flow is remembered, and no slot would send it a packet
)");
}

TEST_F(OverrideCliTest, AWaitTellsWhatItCannotCount) {
  server.backends.set_remaining({.known = true, .slots = 137, .window_ends_in = 800, .quiet = 45});
  EXPECT_THAT(
      run("backend drain web/be2 --wait").out,
      EndsWith("nothing that talks is left: no flow is remembered, and no packet came for 45s\n"
               "not counted: 137 slots may yet have flows that have been silent and are in no "
               "table, for 13m20s\n"));
  const Outcome longer = run("backend drain web/be2 --wait --quiet 1m --timeout 1s");
  EXPECT_EQ(longer.status, 1);
  EXPECT_THAT(longer.err, HasSubstr(": left: 0 flows, no packet for 45s\n"));
}

TEST_F(OverrideCliTest, AWaitWhoseTimeIsOverFails) {
  server.backends.set_remaining({.known = true, .flows = 1000, .packets_per_second = 42});
  const Outcome outcome = run("node drain 198.51.100.1 --wait --timeout 1s");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, ::testing::MatchesRegex(
                               "sluicectl: after 1.[0-9]s: left: 1980 flows, 84 packets/s\n"));
}

TEST_F(OverrideCliTest, AWaitEndsWithTheOverride) {
  server.backends.forget_after(1);
  const Outcome outcome = run("backend drain web/be1 --wait");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("web/be1 is up: the time of the override is over, or "
                                           "somebody has undone it"),
                                 Not(HasSubstr("left:"))));
}

TEST_F(OverrideCliTest, AWaitForReadinessEndsWithWeight) {
  const Outcome outcome = run("backend ready web/be2 --wait");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "web/be2 (2001:db8::2): ready-forced\nnew flows come\n");
}

TEST_F(OverrideCliTest, AWaitInJsonIsOneDocument) {
  server.backends.set_remaining({.known = true, .flows = 4});
  const Outcome reached = run("-o json backend drain web/be1 --wait");
  EXPECT_EQ(reached.status, 0);
  const nlohmann::json document = nlohmann::json::parse(reached.out);
  EXPECT_EQ(document.at("reached"), true);
  EXPECT_EQ(document.at("backends").at(0).at("remaining").at("flows"), 0);
  server.backends.set_remaining({.known = true, .flows = 1000});
  const Outcome late = run("-o json backend drain web/be1 --wait --timeout 1s");
  EXPECT_EQ(late.status, 1);
  EXPECT_EQ(nlohmann::json::parse(late.out).at("reached"), false);
  EXPECT_GE(nlohmann::json::parse(late.out).at("waited"), 1);
}

TEST_F(OverrideCliTest, WhatIsRefusedFails) {
  const struct {
    const char *arguments, *err;
  } kRows[] = {
      {"backend drain web/be9", "sluicectl: sluiced: there is no backend \"web/be9\"\n"},
      {"backend ready web/be1 --reason conflict", "sluicectl: sluiced: web/be1 is drained as"},
      {"backend drain be1", "sluicectl: \"be1\" is not POOL/BACKEND"},
      {"node drain be1", "sluicectl: be1 is not an address\n"},
      {"backend drain web/be1 --quiet 1m", "sluicectl: --quiet has no meaning without --wait\n"},
      {"node ready 198.51.100.1 --timeout 1m", "sluicectl: --timeout has no meaning without"},
      {"node drain 192.0.2.9 --wait", "sluicectl: sluiced: there is no backend \"192.0.2.9\"\n"},
  };
  for (const auto& row : kRows) {
    const Outcome outcome = run(row.arguments);
    EXPECT_EQ(outcome.status, 1) << row.arguments;
    EXPECT_EQ(outcome.out, "") << row.arguments;
    EXPECT_THAT(outcome.err, StartsWith(row.err));
  }
  EXPECT_THAT(run("backend list").out, Not(HasSubstr("OVERRIDE"))) << "nothing was touched";
}

TEST_F(OverrideCliTest, WrongValuesAreStatusTwo) {
  const std::string long_reason(201, 'x');
  for (const std::string& arguments :
       {std::string("backend drain"), std::string("backend drain web/be1 --for 10"),
        std::string("backend drain web/be1 --for 0s"),
        std::string("backend drain web/be1 --for 367d"),
        std::string("backend drain web/be1 --reason ") + long_reason,
        std::string("backend drain web/be1 --reason 'a\nb'"),
        std::string("backend drain web/be1 --timeout soon"),
        std::string("backend disable web/be1 --quiet 5s"),
        std::string("backend auto web/be1 --for 5s"), std::string("node auto 192.0.2.1 --wait"),
        std::string("backend list a b"), std::string("node drain a b")}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
}

}  // namespace
}  // namespace sluice::api
