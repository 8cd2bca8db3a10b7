// SPDX-License-Identifier: Apache-2.0
#include "compare/load.h"

#include <fmt/format.h>
#include <unistd.h>

#include "compare/tool.h"
#include "netns/wait.h"
#include "netns/xdp.h"

namespace sluice::bench {

namespace {

using netns::milliseconds;
using netns::Process;

constexpr milliseconds kBegins(10'000), kEnds(10'000);

std::string program() {
  return beside_this_program("bench-loadgen");
}

// Of a program that is the generator, at `rate` packets a second, for `time`.
std::vector<std::string> command(const Site& site, const LoadOptions& options,
                                 const std::string& time) {
  return {program(),
          "--tx",
          fmt::format("{}:{}", options.driver, kSiteDevice),
          "--to",
          site.balancer_mac.to_string(),
          "--vip",
          fmt::format("{}:{}", kSiteVip, kSitePort),
          "--flows-from",
          fmt::format("{}/15", kClients),
          "--mix",
          "established=4,udp=1",
          "--flows",
          std::to_string(options.flows),
          "--rate",
          std::to_string(options.rate),
          "--for",
          time,
          "--quiet",
          "200ms",
          "-o",
          "json"};
}

// What the driver needs at the network's end: an XDP socket brings its own program.
Result<UniqueFd> pass_for(const Site& site, const std::string& driver) {
  if (driver == "af_xdp") return UniqueFd();
  return netns::attach_xdp_pass(*site.network, kSiteDevice);
}

// What it says at its end, after DPDK's messages.
std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);  // npos + 1 is 0
}

// Sends a few packets, of which nothing need come back.
Result<void> try_wire(const netns::Lab& lab, const std::string& driver) {
  const Result<Site> site = Site::create(lab, "try-" + driver);
  if (!site) return site.error();
  const Result<UniqueFd> pass = pass_for(*site, driver);
  if (!pass) return pass.error();
  const Result<netns::Exit> exit = netns::run_program(
      *site->network, command(*site, {.driver = driver, .rate = 1000, .flows = 10}, "100ms"));
  if (!exit) return exit.error();
  if (exit->status != 0) return Error{last_line(exit->output)};
  return {};
}

}  // namespace

bool has_load() {
  return ::access(program().c_str(), X_OK) == 0;
}

Result<Wire> usable_wire(const netns::Lab& lab) {
  std::string why;
  for (const char* driver : {"af_xdp", "af_packet"}) {
    const Result<void> works = try_wire(lab, driver);
    if (works) return Wire{.driver = driver, .why = why};
    why += fmt::format("{}{} does not work: {}", why.empty() ? "" : "; ", driver,
                       works.error().message);
  }
  return Error{why};
}

Result<Load> Load::start(Site& site, const LoadOptions& options) {
  Result<UniqueFd> pass = pass_for(site, options.driver);
  if (!pass) return pass.error();
  Result<Process> process = Process::start(*site.network, {.argv = command(site, options, "24h")});
  if (!process) return process.error();
  Load load(std::move(*pass), std::move(*process));
  const auto begun = [&] {
    return !load.process_.running() || tells_a_second(load.process_.output());
  };
  if (Result<void> r = netns::wait_until(begun, kBegins, "bench-loadgen's first second"); !r)
    return r.error();
  if (!load.process_.running()) return Error{"bench-loadgen: " + load.process_.output()};
  return load;
}

Result<LoadReport> Load::finish() {
  const Result<netns::Exit> exit = process_.stop(kEnds);
  if (!exit) return exit.error();
  if (exit->status != 0) return Error{"bench-loadgen: " + exit->output};
  return read_load_report(exit->output);
}

}  // namespace sluice::bench
