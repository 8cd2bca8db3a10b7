// SPDX-License-Identifier: Apache-2.0
// `sluicectl backend list` and `show`, and overrides in `status` and `service show`.
#include <gmock/gmock.h>

#include "api/cli_fixture.h"

namespace sluice::api {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct BackendCliTest : CliTest {
  RunningServer server{socket};

  // Said of be1, for ten minutes, and of one that there is not.
  void override_some() {
    for (const Override& o : status_in_trouble().overrides) server.backends.say(o.of, o);
  }
};

TEST_F(BackendCliTest, TheListIsReadable) {
  const Outcome outcome = run("backend list");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out,
            R"(POOL  BACKEND  ADDRESS       STATE    FOR  WEIGHT  FLOWS  LAST CHECK
dns   ns1      198.51.100.1  up     3h32m     100      -  200 OK
web   be1      198.51.100.1  up     3h32m     100      -  200 OK
web   be2      2001:db8::2   down     42s   0/100      3  connection \x1b[31mrefused
)");
}

TEST_F(BackendCliTest, TheListShoutsOverrides) {
  override_some();
  server.backends.fill_disk();
  EXPECT_EQ(run("backend list web").out,
            R"(POOL  BACKEND  ADDRESS       STATE     FOR  WEIGHT  FLOWS  LAST CHECK
web   be1      198.51.100.1  drained  5.0s   0/100    7+3  200 OK
web   be2      2001:db8::2   down      42s   0/100      3  connection \x1b[31mrefused

OVERRIDE  OF                                   SINCE                 UNTIL                            BY             REASON
ready     198.51.100.1                         2024-02-29T12:00:00Z  it is undone                     uid 0          -
drain     web/be1                              2024-02-29T12:00:00Z  2024-02-29T12:10:00Z (in 9m30s)  alice (uid 0)  new \x1b[31mdisks
disable   web/gone (not in the configuration)  2024-02-29T12:00:00Z  it is undone                     uid 0          -

OVERRIDE FILE  No space left \x1b[31mon device
)");
}

TEST_F(BackendCliTest, OneIsShownInFull) {
  EXPECT_EQ(run("backend show web/be1").out, R"(backend    web/be1
address    198.51.100.1
state      up since 2024-02-29T12:00:00Z (3h32m)
weight     100
services   shop
also       dns/ns1 at the same address
check      GET /healthz wants 200, every 2s, timeout 1s
path       through the backend's tunnel, to 192.0.2.10 port 8080
rise       after 2 good answers in a row, 17 now
fall       after 3 bad answers in a row, 0 now
hold-down  flows of one found down are kept for 30s

ANSWER   AGO  OUTPUT
good    1.5s  200 OK
)");
}

TEST_F(BackendCliTest, OneThatIsDownSaysWhyAndForHowLong) {
  EXPECT_EQ(run("backend show web/be2").out, R"(backend      web/be2
address      2001:db8::2
state        down since 2024-02-29T12:00:00Z (42s)
weight       0 now, 100 configured
services     shop
left         3 flows, 0.5 packets/s
not counted  9 slots may yet have flows that have been silent and are in no table
check        GET /healthz wants 200, every 2s, timeout 1s
path         through the backend's tunnel, to 192.0.2.10 port 8080
rise         after 2 good answers in a row, 1 now
fall         after 3 bad answers in a row, 0 now
hold-down    flows of one found down are kept for 30s, 12s of it are left
FLAPPING     stays down for 1m00s more, whatever it answers

ANSWER    AGO  OUTPUT
good     1.5s  200 OK
bad      3.5s  connection refused
unknown  5.5s  no source port
)");
}

TEST_F(BackendCliTest, AnOverrideIsShownWithWhatChecksSay) {
  override_some();
  EXPECT_THAT(run("backend show web/be1").out,
              AllOf(HasSubstr("state        drained since"), HasSubstr("by checks    up\n"),
                    HasSubstr("OVERRIDE     web/be1 drained since 2024-02-29T12:00:00Z until "
                              "2024-02-29T12:10:00Z (in 9m30s) by alice (uid 0): "
                              "new \\x1b[31mdisks\n"),
                    HasSubstr("OVERRIDE     198.51.100.1 forced to be ready since"),
                    HasSubstr("weight       0 now, 100 configured\n"), Not(HasSubstr("\x1b"))));
}

TEST_F(BackendCliTest, JsonIsTheServersDocument) {
  EXPECT_EQ(nlohmann::json::parse(run("-o json backend list web").out),
            nlohmann::json(
                BackendList{{fixed_backend("web", "be1"), fixed_backend("web", "be2")}, {}, ""}));
  PoolBackend be2 = fixed_backend("web", "be2");
  be2.check = fixed_check(true);
  EXPECT_EQ(nlohmann::json::parse(run("backend show web/be2 -o json").out), nlohmann::json(be2));
}

TEST_F(BackendCliTest, WhatThereIsNotFails) {
  const struct {
    const char *arguments, *err;
  } kRows[] = {
      {"backend list nosuch", "sluicectl: sluiced: there is no pool \"nosuch\"\n"},
      {"backend show web/be9", "sluicectl: sluiced: there is no backend \"web/be9\"\n"},
      {"backend show be1", "sluicectl: \"be1\" is not POOL/BACKEND, such as web/be1\n"},
  };
  for (const auto& row : kRows) {
    const Outcome outcome = run(row.arguments);
    EXPECT_EQ(outcome.status, 1) << row.arguments;
    EXPECT_EQ(outcome.out, "") << row.arguments;
    EXPECT_EQ(outcome.err, row.err);
  }
}

TEST_F(BackendCliTest, StatusShoutsOverridesAndPoolsInTrouble) {
  EXPECT_THAT(run("status").out, Not(AnyOf(HasSubstr("OVERRIDE"), HasSubstr("CHECKS"))));
  server.in_trouble = true;
  EXPECT_THAT(
      run("status").out,
      HasSubstr(
          R"(OVERRIDES      web/be1 drained since 2024-02-29T12:00:00Z until 2024-02-29T12:10:00Z (in 9m30s) by alice (uid 0): new \x1b[31mdisks
               web/gone (not in the configuration) disabled since 2024-02-29T12:00:00Z by uid 0
               198.51.100.1 forced to be ready since 2024-02-29T12:00:00Z by uid 0
OVERRIDE FILE  they hold until sluiced ends: No space left on device
POOLS          web: panic: 1 of 4 backends is healthy, all are used
               dns: below-minimum
CHECKS         isolated: every backend failed at once
)"));
}

TEST_F(BackendCliTest, AServiceShowsTheHealthOfItsMembersIfItIsKnown) {
  EXPECT_THAT(run("service show shop").out, Not(HasSubstr("HEALTH")));
  EXPECT_THAT(run("service show checked").out,
              AllOf(HasSubstr("  HEALTH\n"),
                    HasSubstr("down since 2024-02-29T12:00:00Z: connection \\x1b[31mrefused\n"),
                    ::testing::ContainsRegex("be3 .* leaving +-\n")));
}

}  // namespace
}  // namespace sluice::api
