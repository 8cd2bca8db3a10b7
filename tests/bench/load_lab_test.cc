// SPDX-License-Identifier: Apache-2.0
// bench-loadgen as bench-run starts it.
#include <gtest/gtest.h>
#include <unistd.h>

#include "compare/load.h"
#include "compare/site_sluice.h"
#include "lab/check.h"
#include "netns/lab.h"

namespace sluice::bench {
namespace {

// What an XDP socket needs is not there everywhere: the other way has to work, too.
TEST(LoadTest, ComesBackByEitherDriver) {
  ASSERT_EQ(geteuid(), 0u) << "needs root, for network namespaces and BPF";
  const Result<std::unique_ptr<netns::Lab>> lab = netns::Lab::create();
  LAB_ASSERT_OK(lab);
  for (const std::string driver : {"af_packet", "af_xdp"}) {
    SCOPED_TRACE(driver);
    Result<Site> site = Site::create(**lab, driver);
    LAB_ASSERT_OK(site);
    const auto sluice = start_sluice(*site, driver, {.tcp = true, .next_hop = site->network_mac});
    LAB_ASSERT_OK(sluice);
    Result<Load> load = Load::start(*site, {.driver = driver, .rate = 5000, .flows = 500});
    LAB_ASSERT_OK(load);
    const Result<LoadReport> seen = load->finish();
    LAB_ASSERT_OK(seen);
    EXPECT_EQ(seen->flows, 500u);
    EXPECT_LT(seen->lost, seen->sent / 2);
  }
}

}  // namespace
}  // namespace sluice::bench
