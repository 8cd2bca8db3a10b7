// SPDX-License-Identifier: Apache-2.0
// sluicectl as a process, against a server that says fixed things.
#include <gmock/gmock.h>

#include <sstream>

#include "api/cli_fixture.h"

namespace sluice::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kGoodFile = R"(version: 1
interfaces:
  eth0: {}
defaults: {seed: change-me}
services:
  shop:
    vip: [192.0.2.10]
    ports: [80/tcp]
    backends: [198.51.100.1, 198.51.100.2]
)";

// The verbs as `help` prints them: the indented lines before the options.
std::vector<std::string> rows_of(const std::string& help) {
  std::vector<std::string> rows;
  std::istringstream lines(help.substr(0, help.find("\noptions:")));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("  ")) rows.push_back(line.substr(2, line.find("  ", 2) - 2));
  return rows;
}

std::string lower_case_words(const std::string& row) {
  return row.substr(0, row.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ["));
}

TEST_F(CliTest, HelpAnswersForEveryRow) {
  const Outcome help = run("help");
  EXPECT_EQ(help.status, 0);
  const std::vector<std::string> rows = rows_of(help.out);
  EXPECT_EQ(rows.size(), 25u);
  for (const std::string& row : rows) {
    const std::string verb = lower_case_words(row);
    for (const std::string& form : {"help " + verb, verb + " --help", "-h " + verb}) {
      const Outcome outcome = run(form);
      EXPECT_EQ(outcome.status, 0) << form;
      EXPECT_THAT(outcome.out, StartsWith("usage: sluicectl [OPTIONS] ")) << form;
      EXPECT_THAT(outcome.err, IsEmpty()) << form;
    }
  }
  EXPECT_EQ(run("--help").out, help.out);
}

TEST_F(CliTest, WrongUsageIsStatusTwo) {
  for (const char* arguments : {"",
                                "frobnicate",
                                "service",
                                "service show",
                                "service show a b",
                                "status now",
                                "-o yaml status",
                                "--frobnicate status",
                                "help frobnicate",
                                "--socket",
                                "simulate a",
                                "simulate --in b",
                                "simulate a b --in c",
                                "status --in a",
                                "status --exit-code",
                                "config diff",
                                "config diff a b",
                                "config diff a --confirm 1s",
                                "config apply a --confirm 60",
                                "config apply a --confirm 0s",
                                "config apply a --confirm 25h",
                                "config show 1 2",
                                "config confirm 1",
                                "simulate a --in b --hook nosuch",
                                "simulate a --in b --mac 02:00:00:00:00",
                                "simulate a --in b --mac 01:00:5e:00:00:01",
                                "simulate a --in b --next-hop be1",
                                "simulate a --in b --mtu 575",
                                "simulate a --in b --mtu 9217",
                                "simulate a --in b --mtu 1500x",
                                "simulate a --in b --local 192.0.2",
                                "simulate a --in b --local 192.0.2.1,",
                                "simulate a --in b --in c"}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_THAT(outcome.out, IsEmpty()) << arguments;
    EXPECT_THAT(outcome.err, HasSubstr("sluicectl")) << arguments;
  }
}

TEST_F(CliTest, HelpAboutAVerbHasItsOptionsAndTheOverviewDoesNot) {
  const std::string help = run("help simulate").out;
  EXPECT_THAT(help, StartsWith("usage: sluicectl [OPTIONS] simulate FILE --in PCAP\n"));
  for (const char* option :
       {"--in PCAP", "--out PCAP", "--hook HOOK", "--interface NAME", "--egress NAME", "--mac MAC",
        "--mtu N", "--local ADDR[,ADDR]", "--next-hop MAC"}) {
    EXPECT_THAT(help, HasSubstr(std::string("\n  ") + option + " "));
    EXPECT_THAT(run("help").out, Not(HasSubstr(option)));
  }
}

TEST_F(CliTest, AnOptionOfAnotherVerbIsRefusedByName) {
  EXPECT_THAT(run("status --mtu 1500").err, HasSubstr("status has no option --mtu"));
}

TEST_F(CliTest, StatusIsReadable) {
  const RunningServer server(socket);
  const Outcome outcome = run("status");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, R"(instance       default, sluiced 1.2.3
configuration  /etc/sluice/sluice.yaml, loaded 2024-02-29T12:00:00Z
generation     7: 1 service, 2 members
forwarded      1.23M packets, 16.0 EiB
slots          130537 clean, 500 in a window, 37 in a tail
LAST ERROR     sluice.yaml:1:1: error: one
               sluice.yaml:2:1: error: two

INTERFACE  INDEX  ATTACHED  BY    DETAIL
eth0           2  native    link
eth1           -  no        -     there is no such interface

UNUSABLE BACKEND  REASON
web/be2           no neighbour

FATE     PACKETS  REASON     MEANING
passed        12  NOT_OURS   not a VIP
dropped        5  TRUNCATED  cut short
replied        3  ECHO       a ping

FLOWS    ENTRIES   ROOM  HALF-OPEN  REMOVED  EVICTED
new          812  32768         17        9        -
adopted     1200  32768          -        3     250k

FLOW EVENT  COUNT  MEANING
RECORDED      821  remembered
)");
}

TEST_F(CliTest, JsonIsTheServersDocument) {
  const RunningServer server(socket);
  EXPECT_EQ(nlohmann::json::parse(run("-o json status").out), nlohmann::json(fixed_status()));
  EXPECT_EQ(nlohmann::json::parse(run("service list -o json").out),
            nlohmann::json(std::vector<Service>{shop()}));
  EXPECT_EQ(nlohmann::json::parse(run("service show shop -o json").out), nlohmann::json(shop()));
}

TEST_F(CliTest, ServiceListIsReadable) {
  const RunningServer server(socket);
  EXPECT_EQ(run("service list").out,
            R"(SERVICE  VIPS                      PORTS            POOL  BACKENDS  PACKETS     BYTES
shop     192.0.2.10, 2001:db8::10  80/tcp, 443/udp  web        1/2    4.00T  16.0 EiB
)");
}

TEST_F(CliTest, ServiceShowEscapesWhatATerminalWouldObey) {
  const RunningServer server(socket);
  const Outcome outcome = run("service show shop");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("2001:db8::1 does not answer \\x1b[31mon eth0\n"),
                                 Not(HasSubstr("\x1b"))));
  EXPECT_THAT(outcome.out, HasSubstr("be1      198.51.100.1     100     75.0%   75.0%    3.00T"));
}

TEST_F(CliTest, ServiceShowSaysWhatIsRemembered) {
  const RunningServer server(socket);
  EXPECT_THAT(run("service show shop").out,
              AllOf(HasSubstr("tracking    adaptive\n"),
                    HasSubstr("slots, tcp  65000 clean, 500 in a window (14m59s to its end), "
                              "37 in a tail\n"),
                    HasSubstr("slots, udp  65537 clean\n"),
                    ::testing::ContainsRegex("be3 +198.51.100.3 +0 +0.0% .* leaving\n")));
}

TEST_F(CliTest, UnknownServiceFails) {
  const RunningServer server(socket);
  const Outcome outcome = run("service show nosuch");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "sluicectl: sluiced: there is no service \"nosuch\"\n");
}

TEST_F(CliTest, ReloadSaysWhatIsInForceOrWhyNot) {
  RunningServer server(socket);
  EXPECT_EQ(run("reload").out, "reloaded: generation 7 is in force\n");
  server.reload_fails = true;
  const Outcome outcome = run("reload");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "sluicectl: sluiced: sluice.yaml:1:1: error: no\n");
}

TEST_F(CliTest, WithoutADaemonItAsksWhetherOneRuns) {
  for (const char* verb :
       {"status", "service list", "service show a", "flows list", "reload", "backend list",
        "backend show web/be1", "backend drain web/be1 --wait"}) {
    const Outcome outcome = run(verb);
    EXPECT_EQ(outcome.status, 1) << verb;
    EXPECT_EQ(outcome.out, "") << verb;
    EXPECT_THAT(outcome.err, HasSubstr("(is it running?)")) << verb;
  }
}

TEST_F(CliTest, UnloadAsksTheDaemon) {
  RunningServer server(socket);
  const Outcome outcome = run("unload");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("sluiced has detached"));
  server.join();
}

TEST_F(CliTest, UnloadWithNothingThereIsFine) {
  const Outcome outcome = run("unload");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("nothing to unload: "));
  EXPECT_EQ(run("unload -o json").out, "{\n  \"daemon\": false,\n  \"removed\": []\n}\n");
}

TEST_F(CliTest, UnloadTouchesNothingOutsideABpfFileSystem) {
  std::filesystem::create_directories(folder.path("bpf/sluice/default"));
  const std::string precious = write("bpf/sluice/default/precious", "text");
  std::filesystem::create_symlink("default", folder.path("bpf/sluice/link"));
  for (const char* arguments : {"unload", "unload --instance link", "unload --instance ..",
                                "unload --instance ''", "unload --instance default/."}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 1) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
  EXPECT_THAT(run("unload").err, HasSubstr("it is not on a BPF file system"));
  EXPECT_TRUE(std::filesystem::exists(precious));
}

TEST_F(CliTest, ConfigCheckAcceptsAGoodFile) {
  const std::string file = write("good.yaml", kGoodFile);
  const Outcome outcome = run("config check " + file);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, file + ": ok: 1 interface, 1 service on 1 VIP, 1 pool of 2 backends\n");
  EXPECT_EQ(run("-o json config check " + file).out, "[]\n");
}

TEST_F(CliTest, ConfigCheckPrintsEveryError) {
  const std::string file = write("bad.yaml", std::string(kGoodFile) + "nonsense: 1\nmore: 2\n");
  const Outcome outcome = run("config check " + file);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr(file + ":10:1: error: "), HasSubstr(file + ":11:1: error: ")));
  const Outcome json = run("-o json config check " + file);
  EXPECT_EQ(json.status, 1);
  const nlohmann::json list = nlohmann::json::parse(json.out);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["line"], 10);
  EXPECT_EQ(list[0]["file"], file);
}

TEST_F(CliTest, ConfigCheckOfAMissingFileFails) {
  const Outcome outcome = run("config check " + folder.path("none.yaml"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("No such file or directory"));
}

TEST_F(CliTest, FullDiskIsAFailure) {
  const RunningServer server(socket);
  const std::string command =
      std::string(SLUICECTL) + " --socket " + socket + " status > /dev/full 2> /dev/null";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 1);
}

}  // namespace
}  // namespace sluice::api
