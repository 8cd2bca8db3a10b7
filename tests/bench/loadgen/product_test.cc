// SPDX-License-Identifier: Apache-2.0
// Through sluice itself: nothing is lost, everybody stays where they are, and shares are Maglev's.
#include "netns/product.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>

#include "bench/loadgen/load_test.h"
#include "netns/link.h"

namespace sluice::loadgen {
namespace {

using netns::Host;
using netns::Link;
using netns::milliseconds;
using netns::Process;

constexpr unsigned kLink = 1, kBackends = 3;

// The generator is the balancer's router, and sees what goes to backends.
class LoadProduct : public LoadTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    LoadTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    LAB_ASSERT_OK_AND(balancer_, Host::create(*lab_, "balancer"));
    LAB_ASSERT_OK_AND(
        link_, Link::connect(
                   {.host = generator_.get(), .device = "eth0", .addresses = {}, .xdp_pass = true},
                   {.host = balancer_.get(),
                    .device = "eth0",
                    .addresses = {"203.0.113.2/24", "2001:db8:b::2/64"}},
                   {.number = kLink}));
    const Result<netns::Programs> programs = netns::Programs::beside_this_program();
    LAB_ASSERT_OK(programs);
    write_config();
    Result<Process> daemon = Process::start(
        *balancer_, {.argv = {programs->sluiced, "--config", file("sluice.yaml"), "--instance",
                              "load", "--bpffs", lab_->bpffs(), "--socket", file("sluiced.sock"),
                              "--state-dir", file("state")},
                     .notifies = true,
                     .patience = milliseconds(10'000)});
    LAB_ASSERT_OK(daemon);
    daemon_.push_back(std::move(*daemon));
  }
  std::string file(const char* name) const { return lab_->directory() + "/" + name; }
  void write_config() const {
    std::string backends;
    for (unsigned i = 1; i <= kBackends; i++)
      backends += fmt::format("      be{}: {{address: 203.0.113.{}}}\n", i, 10 + i);
    std::ofstream(file("sluice.yaml")) << fmt::format(
        R"(version: 1
interfaces:
  eth0: {{mode: native, next_hop: "{}"}}
defaults:
  forward: {}
  seed: the lab's own secret
pools:
  web:
    backends:
{}services:
  shop:
    vip: ["{}", "{}"]
    ports: [443/tcp, 443/udp]
    pool: web
)",
        Link::mac(kLink, 1).to_string(), GetParam(), backends, kLoadVip4, kLoadVip6);
  }

  std::unique_ptr<Host> balancer_;
  std::unique_ptr<Link> link_;
  std::vector<Process> daemon_;
};

TEST_P(LoadProduct, LosesNothingAndKeepsEveryFlow) {
  constexpr double kFlows = 3000;
  const Printed p = run({"--tx", "af_packet:eth0", "--to", Link::mac(kLink, 2).to_string(), "--mix",
                         "syn,established=8,fin,icmp,udp=5,fragments=3,quic=3,echo", "--flows",
                         fmt::format("{}", kFlows), "--rate", "2500", "--for", "3s"});
  ASSERT_FALSE(p.total.empty());
  EXPECT_GT(p.count("sent"), 3000u);
  EXPECT_EQ(p.count("received"), p.count("sent"));
  for (const char* key : {"lost", "duplicated", "reordered", "misrouted", "corrupt"})
    EXPECT_EQ(p.count(key), 0u) << key;
  // Echo requests are answered by the balancer, at the VIPs; the rest is of backends.
  uint64_t flows = 0;
  std::vector<double> of_backends;
  for (const nlohmann::json& b : p.total.at("backends")) {
    flows += b.at("flows").get<uint64_t>();
    if (b.at("address").get<std::string>().starts_with("203.0.113."))
      of_backends.push_back(b.at("flows"));
  }
  EXPECT_EQ(flows, kFlows);
  ASSERT_EQ(of_backends.size(), kBackends);
  double all = 0;
  for (const double n : of_backends) all += n;
  EXPECT_GT(all, kFlows * 0.9);
  // Equal weights, as far as flows fall by chance into a table that has each to within a slot.
  for (const double n : of_backends) EXPECT_NEAR(n, all / kBackends, 5 * std::sqrt(all * 2 / 9));
}

INSTANTIATE_TEST_SUITE_P(Tunnel, LoadProduct,
                         testing::Values("ipip", "gre", "{gue: {variant: 0}}", "geneve"),
                         [](const auto& tunnel) {
                           const std::string& name = tunnel.param;
                           return name[0] == '{' ? std::string("gue") : name;
                         });

}  // namespace
}  // namespace sluice::loadgen
