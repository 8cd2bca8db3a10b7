// SPDX-License-Identifier: Apache-2.0
#include "plan/warnings.h"

#include <gmock/gmock.h>

#include "plan/example.h"

namespace sluice::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Example at_tc(const Forward& forward) {
  Example e;
  e.config.interfaces = {{.name = "eth0", .mode = AttachMode::kTc}};
  e.add("2001:db8:b::11");
  e.config.pools["web"].backends.back().forward = forward;
  return e;
}

TEST(Warnings, SayThatMergedSegmentsAreDroppedAtTc) {
  Example e = at_tc({.tunnel = Tunnel::kGue, .port = 6080});
  EXPECT_THAT(warnings_for(e.config, e.image()), ElementsAre(HasSubstr("ethtool -K eth0 gro off")));
  e.config.interfaces[0].mode = AttachMode::kNative;
  EXPECT_THAT(warnings_for(e.config, e.image()), IsEmpty());
}

TEST(Warnings, AreNotGivenForTunnelsWithoutChecksum) {
  for (const Forward& f :
       {Forward{.tunnel = Tunnel::kGue, .port = 6080, .checksum_v6 = false}, Forward{}}) {
    const Example e = at_tc(f);
    EXPECT_THAT(warnings_for(e.config, e.image()), IsEmpty());
  }
}

TEST(Warnings, SayOnceThatADeviceRemembersNoFlows) {
  Example e;
  e.config.interfaces = {{.name = "eth0", .mode = AttachMode::kOffload}};
  e.config.services.push_back(Example::service("other", {"192.0.2.11"}, {80}));
  EXPECT_THAT(warnings_for(e.config, e.image()),
              ElementsAre(HasSubstr("eth0: a device remembers no flows: ")));
  e.config.interfaces[0].mode = AttachMode::kNative;
  EXPECT_THAT(warnings_for(e.config, e.image()), IsEmpty());
}

TEST(Warnings, AreNotGivenForADeviceWhereNoFlowsAreWanted) {
  Example e;
  e.config.interfaces = {{.name = "eth0", .mode = AttachMode::kOffload}};
  for (Service& s : e.config.services) s.tracking = Tracking::kNever;
  EXPECT_THAT(warnings_for(e.config, e.image()), IsEmpty());
}

TEST(Warnings, SayWhatIsBeyondTheTables) {
  Example e;
  for (int i = 0; i < 10; i++) {
    e.add("203.0.113." + std::to_string(100 + i));
    Forward& f = e.config.pools["web"].backends.back().forward;
    f = {.tunnel = Tunnel::kGue, .port = uint16_t(6080 + i)};
    f.source_v4 = IpPrefix::parse("203.0.113." + std::to_string(200 + i));
  }
  EXPECT_THAT(warnings_for(e.config, e.image()),
              ElementsAre(HasSubstr("11 outer sources"), HasSubstr("10 UDP ports of tunnels")));
}

}  // namespace
}  // namespace sluice::test
