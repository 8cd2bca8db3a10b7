// SPDX-License-Identifier: Apache-2.0
// The fixture of the end-to-end tests: sluice deployed in a lab of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/check.h"
#include "netns/http_client.h"
#include "netns/lab.h"
#include "netns/product.h"
#include "netns/tally.h"
#include "netns/topology.h"
#include "netns/xdp.h"

namespace sluice::netns {

class ProductTest : public testing::Test {
 protected:
  static constexpr char kInstance[] = "lab";

  // Makes the lab; skips where the rights are missing.
  void SetUp() override;
  // What it looks like; for tests that need another one.
  virtual TopologyOptions topology_options() const { return {}; }
  // Agents first, then the daemon; returns when the data plane is live.
  void deploy(const ConfigOptions& options, const AgentOptions& agents = {});
  // `count` new connections from the client, to each VIP in turn; none may fail.
  Tally ask(size_t count);
  // The same in the background.
  void start_traffic();
  // Fails the test if any of the background requests failed; returns them all. `may_break` is for
  // tests that move slots: no flow is remembered, so the one request that is open at that moment
  // may be reset.
  std::vector<Answer> stop_traffic(size_t may_break = 0);
  // How a program is attached to the balancer's interface now.
  XdpMode mode();
  // GET /v1/status, through sluicectl.
  nlohmann::json status();
  // How the balancer's interface is attached, in the configuration's words: "native", "tc".
  std::string attached_mode();
  // How many packets the balancer has answered itself, or dropped; `reason` as in status.
  uint64_t replied(const std::string& reason);
  uint64_t dropped();
  void expect_shares(const Tally& tally, const Weights& weights);

  std::vector<std::string> vip_urls() const { return {url(kVip4), url(kVip6)}; }

  // In the order of need: the last is gone first.
  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Topology> topology_;
  std::unique_ptr<Product> product_;
  std::unique_ptr<Traffic> traffic_;
};

}  // namespace sluice::netns
