// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests that change sluice under thousands of living flows.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lab/product_test.h"
#include "netns/flow_client.h"
#include "netns/flow_server.h"

namespace sluice::netns {

struct FlowCounts {
  size_t tcp = 2000, udp = 500;
};

// As status reports them, of all rings.
struct SlotStates {
  size_t clean = 0, window = 0, tail = 0;
  bool clean_only() const { return clean > 0 && window == 0 && tail == 0; }
};

class FlowTest : public ProductTest {
 protected:
  static constexpr size_t kNewFlows = 300;  // enough to tell weights apart
  // The window, and how long a flow may be silent: several times the pause between its requests.
  static constexpr milliseconds kDrain{2000};

  void SetUp() override;
  TopologyOptions topology_options() const override { return {.backends = 15}; }
  // The configuration's `defaults`; for tests that need others.
  virtual std::map<std::string, std::string> defaults() const;

  // Deploys sluice with these backends, and begins the flows that are to live through all.
  void begin(const Weights& weights, const FlowCounts& counts = {},
             const std::string& mode = "native",
             const std::map<std::string, std::string>& pool = {});
  // Changes the file as `edit` says; returns when it is in force.
  void change(const std::function<void(ConfigOptions&)>& edit);
  // The same while more TCP flows begin, for which it may come before or after their SYN.
  void change_amid_new_flows(const std::function<void(ConfigOptions&)>& edit);
  void change_weights(const Weights& weights);
  // Begins more flows, and expects them where the weights in force lead.
  FlowRange open_as_weighted(Transport transport = Transport::kTcp, size_t count = kNewFlows);
  // Every flow answers once more, and none has been broken since the start.
  void expect_all_live();
  // Waits until the window of the last change is over.
  void outlive_window();
  // The errors and warnings that the daemon has written since begin().
  std::vector<std::string> complaints();

  SlotStates slots();
  uint64_t remembered();                           // entries of all flow tables
  uint64_t flow_events(const std::string& event);  // as status has them, "RECORDED"

  ConfigOptions config_;  // in force
  std::unique_ptr<FlowServer> server_;
  std::unique_ptr<FlowClient> client_;
  FlowRange tcp_, udp_;  // the flows of begin()

 private:
  size_t written_before_ = 0;  // by the daemon, by the end of begin()
};

}  // namespace sluice::netns
