// SPDX-License-Identifier: Apache-2.0
#include "compare/pressure.h"

#include <fmt/format.h>

#include <optional>

#include "netns/flow_client.h"
#include "netns/flow_server.h"
#include "netns/product.h"
#include "netns/syn_flood.h"

namespace sluice::bench {

namespace {

using netns::milliseconds;
using Progress = std::function<void(const std::string&)>;

constexpr unsigned kFlood = 100'000;  // a second: what the lab's links carry
constexpr char kRoom[] = "8192";      // of the flow table
constexpr unsigned kBackends = 12;

// In the order of need: the last is gone first.
struct Stage {
  std::unique_ptr<netns::Lab> lab;
  std::unique_ptr<netns::Topology> topology;
  std::optional<netns::Product> product;
  netns::ConfigOptions config;  // in force
  std::unique_ptr<netns::FlowServer> server;
  std::unique_ptr<netns::FlowClient> client;

  Result<void> write() {
    if (auto r = product->write_config(config_text(*topology, config)); !r) return r.error();
    return {};
  }
  Result<void> reload() {
    if (Result<void> r = write(); !r) return r;
    const Result<netns::Exit> exit = product->ctl({"reload"});
    if (!exit) return exit.error();
    return exit->status == 0 ? Result<void>() : Result<void>(Error{exit->output});
  }
};

Result<Stage> set_up(const std::string& tracking) {
  Stage s;
  Result<std::unique_ptr<netns::Lab>> lab = netns::Lab::create();
  if (!lab) return lab.error();
  s.lab = std::move(*lab);
  const Result<netns::Programs> programs = netns::Programs::beside_this_program();
  if (!programs) return programs.error();
  Result<std::unique_ptr<netns::Topology>> topology =
      netns::Topology::create(*s.lab, {.backends = kBackends});
  if (!topology) return topology.error();
  s.topology = std::move(*topology);
  s.product.emplace(*s.topology, *programs, "bench-" + tracking);
  s.config = {.weights = netns::equal_weights(1, kBackends - 3),
              .ports = {fmt::format("{}/tcp", netns::kFlowPort)},
              .defaults = {{"flows", kRoom}, {"drain", "30s"}, {"tracking", tracking}}};
  if (Result<void> r = s.write(); !r) return r.error();
  if (Result<void> r = s.product->start_agents(); !r) return r.error();
  if (Result<void> r = s.product->start_daemon(); !r) return r.error();
  Result<std::unique_ptr<netns::FlowServer>> server = netns::FlowServer::start(*s.topology);
  if (!server) return server.error();
  s.server = std::move(*server);
  Result<std::unique_ptr<netns::FlowClient>> client =
      netns::FlowClient::start(s.topology->client(), s.topology->options().vips);
  if (!client) return client.error();
  s.client = std::move(*client);
  return s;
}

Result<Pressure> flood(Stage& s, const Plan& plan, const std::string& tracking) {
  const Result<netns::FlowRange> flows = s.client->open(netns::Transport::kTcp, plan.flows_kept);
  if (!flows) return flows.error();
  const milliseconds half = milliseconds(plan.flood_seconds * 1000) / 2;
  const netns::Clock::time_point began = netns::Clock::now();
  Result<std::unique_ptr<netns::SynFlood>> flood =
      netns::SynFlood::start(*s.topology, {.port = netns::kFlowPort, .per_second = kFlood});
  if (!flood) return flood.error();
  if (Result<void> r = netns::pause_for(half); !r) return r.error();
  s.config.weights = netns::equal_weights(4, kBackends);
  if (Result<void> r = s.reload(); !r) return r.error();
  if (Result<void> r = netns::pause_for(half); !r) return r.error();
  const uint64_t sent = (*flood)->sent();
  flood->reset();
  const std::chrono::duration<double> took = netns::Clock::now() - began;
  if (Result<void> r = s.client->confirm(); !r) return r.error();
  const netns::FlowReport report = s.client->report();
  return Pressure{.name = "syn-flood-" + tracking,
                  .what = fmt::format(
                      "SYNs from sources that do not exist, a flow table of {}, tracking {}; 3 of "
                      "{} backends are exchanged in the middle",
                      kRoom, tracking, kBackends - 3),
                  .flows = report.flows,
                  .broken = report.broken_flows(),
                  .packets = sent,
                  .seconds = took.count(),
                  .longest_wait_ms = uint64_t(report.longest_wait.count())};
}

}  // namespace

Result<std::vector<Pressure>> measure_pressure(const Plan& plan, const Progress& progress) {
  if (Result<void> r = netns::allow_many_descriptors(); !r) return r.error();
  std::vector<Pressure> out;
  for (const char* tracking : {"adaptive", "always"}) {
    progress(fmt::format("pressure: a SYN flood, tracking {}", tracking));
    Result<Stage> stage = set_up(tracking);
    if (!stage) return stage.error();
    Result<Pressure> pressure = flood(*stage, plan, tracking);
    if (!pressure) return pressure.error();
    out.push_back(std::move(*pressure));
  }
  return out;
}

}  // namespace sluice::bench
