// SPDX-License-Identifier: Apache-2.0
// `sluicectl config ...`, against a server that says fixed things.
#include <gmock/gmock.h>

#include "api/cli_fixture.h"

namespace sluice::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct ConfigCliTest : CliTest {
  RunningServer server{socket};
  std::string file = write("new.yaml", "version: 1\n");
};

TEST_F(ConfigCliTest, ADiffIsReadable) {
  const Outcome outcome = run("config diff " + file);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out,
            R"(SERVICE  CHANGE   MOVED  WHAT
shop     changed  33.3%  ~ ports: 80/tcp -> 80/tcp, 443/tcp
                         + web/be4 (198.51.100.4), weight 100
                         ~ web/be2 (2001:db8::2): weight 50 -> 10
                         - web/be3 (198.51.100.3), weight 100
old      removed      -

INTERFACE  CHANGE  WHAT
eth1       attach

SETTING  BEFORE  AFTER
mtu              1400

written         2 members
new data plane  built beside the running one: a program for another hook
WARNING         mind the gap

NO NEXT HOP YET  WHY
web/be4          no neighbour\x1b[31m
)");
}

TEST_F(ConfigCliTest, ADiffInJsonIsTheServersDocument) {
  EXPECT_EQ(nlohmann::json::parse(run("-o json config diff " + file).out),
            nlohmann::json(fixed_diff()));
}

TEST_F(ConfigCliTest, ADiffThatChangesSomethingHasAnExitCodeOfItsOwn) {
  EXPECT_EQ(run("config diff --exit-code " + file).status, 3);
  const std::string same = write("same.yaml", "nothing");
  const Outcome outcome = run("config diff --exit-code " + same);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "nothing changes\n");
}

TEST_F(ConfigCliTest, ErrorsOfTheTextAreThoseOfConfigCheck) {
  const std::string bad = write("bad.yaml", "fine\nerror\n");
  const Outcome outcome = run("config diff " + bad);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, bad + ":2:3: error: no \\x1b11\n");
  const Outcome json = run("-o json config diff " + bad);
  EXPECT_EQ(json.status, 1);
  EXPECT_EQ(nlohmann::json::parse(json.out),
            nlohmann::json::parse(R"([{"file": ")" + bad +
                                  R"(", "line": 2, "column": 3, "message": "no \u001b11"}])"));
}

TEST_F(ConfigCliTest, WhatIsRefusedFails) {
  const Outcome outcome = run("config diff --exit-code " + write("large.yaml", "refused"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "sluicectl: sluiced: 5000 members do not fit\n");
}

TEST_F(ConfigCliTest, AFileThatIsNotThereFails) {
  const Outcome outcome = run("config diff " + folder.path("none.yaml"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("none.yaml: No such file or directory"), Not(HasSubstr("sluiced"))));
}

TEST_F(ConfigCliTest, ApplySaysWhatItHasChangedAndForHowLong) {
  EXPECT_THAT(run("config apply " + file).out,
              AllOf(HasSubstr("33.3%"), HasSubstr("\ngeneration 8 is in force\n"),
                    Not(HasSubstr("undone"))));
  EXPECT_THAT(run("config apply --confirm 2m " + file).out,
              HasSubstr("it is undone in 2m00s unless you say: sluicectl config confirm\n"));
  EXPECT_EQ(run("config apply " + write("bad.yaml", "error")).status, 1);
}

TEST_F(ConfigCliTest, RollbackTakesANumberOrNone) {
  EXPECT_EQ(run("config rollback").out, "generation 101 is in force\n");
  EXPECT_THAT(run("config rollback 0 --confirm 5s").out,
              AllOf(HasSubstr("generation 100"), HasSubstr("undone in 5.0s")));
  EXPECT_EQ(run("config rollback 2").status, 1);
  EXPECT_EQ(run("config rollback x").status, 1);
}

TEST_F(ConfigCliTest, HistoryIsReadableAndATextIsPrintedAsItIs) {
  EXPECT_EQ(run("config history").out,
            R"(N  AT                    BY     GENERATION  SHA256        WHAT
0  2024-02-29T12:00:00Z  apply           7  aaaaaaaaaaaa  1 service, 2 backends
1  2024-02-29T12:00:00Z  start           6  bbbbbbbbbbbb  1 service, 3 backends
)");
  EXPECT_EQ(run("config show").out, "version: 1\n");
  EXPECT_EQ(run("config show 9").err,
            "sluicectl: sluiced: there is no configuration 9 in the history\n");
}

TEST_F(ConfigCliTest, StatusSaysWhatWaitsAndWhatCannotBeKept) {
  server.waits = true;
  EXPECT_THAT(
      run("status").out,
      AllOf(HasSubstr("UNCONFIRMED    undone in 42s unless `sluicectl config confirm` is said"),
            HasSubstr("HISTORY        No space left on device\n")));
  server.waits = false;
  EXPECT_THAT(run("status").out, AllOf(Not(HasSubstr("UNCONFIRMED")), Not(HasSubstr("HISTORY"))));
}

TEST_F(ConfigCliTest, ConfirmFailsIfNothingWaits) {
  EXPECT_EQ(run("config confirm").out, "confirmed\n");
  EXPECT_EQ(run("config confirm").status, 1);
}

}  // namespace
}  // namespace sluice::api
