// SPDX-License-Identifier: Apache-2.0
#include "daemon/health_keeper.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <vector>

#include "support/temporary_folder.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

const BackendRef kBe1 = {"web", "be1"};

// A port of this host where somebody answers as long as the object lives.
struct Listener {
  UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  uint16_t port = 0;

  explicit Listener(uint16_t wanted = 0) {
    const int yes = 1;
    EXPECT_EQ(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = htons(wanted);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd.get(), 100), 0);
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    port = ntohs(at.sin_port);
  }
};

// One pool of one backend, which is asked ten times a second.
Config config_for(uint16_t port) {
  Config c;
  Pool& web = c.pools["web"];
  web.name = "web";
  web.panic = 0;
  web.backends = {{.name = "be1", .address = *IpAddress::parse("127.0.0.1"), .forward = {}}};
  web.check = Check{.probe = TcpCheck{},
                    .via = CheckPath::kDirect,
                    .port = port,
                    .every = milliseconds(100),
                    .timeout = milliseconds(100),
                    .rise = 1,
                    .fall = 2};
  c.services = {{.name = "shop",
                 .vips = {*IpPrefix::parse("192.0.2.10")},
                 .ports = {PortRange::one(80, IPPROTO_TCP)},
                 .pool = "web"}};
  return c;
}

class HealthKeeperTest : public testing::Test {
 protected:
  // A daemon's beginning with `config`, which it finds in force.
  void start(const Config& config) {
    keeper.reset();
    loop.emplace(EventLoop::create().value());
    keeper = HealthKeeper::start(*loop, folder.path("state"), [this] { return apply(); }).value();
    keeper->aim(config, config, {});
    keeper->follow({.live = live});
  }
  Result<void> apply() {
    asked++;
    if (refusals > 0) {
      refusals--;
      return Error{"not now"};
    }
    in_force = keeper->health().conditions;
    return {};
  }
  void at(milliseconds when, const std::function<void()>& f) {
    steps.push_back(loop->after(when, f).value());
  }
  void run_for(milliseconds time) {
    at(time, [this] { loop->stop(); });
    ASSERT_TRUE(loop->run());
    steps.clear();
  }

  test::TemporaryFolder folder;
  Live live;
  std::optional<EventLoop> loop;
  std::unique_ptr<HealthKeeper> keeper;
  std::vector<EventLoop::Source> steps;
  Conditions in_force;
  int asked = 0, refusals = 0;
};

TEST_F(HealthKeeperTest, PutsInForceThatABackendHasDiedAndThatItIsBack) {
  std::optional<Listener> listener(std::in_place);
  const uint16_t port = listener->port;
  start(config_for(port));
  at(milliseconds(500), [&] {
    EXPECT_EQ(asked, 0) << "there was no news";
    listener.reset();
  });
  at(milliseconds(1200), [&] {
    EXPECT_EQ(in_force, (Conditions{{kBe1, {.weight = 0}}}));
    listener.emplace(port);
  });
  run_for(milliseconds(2500));
  EXPECT_EQ(in_force, Conditions{});
  EXPECT_EQ(asked, 2);
}

// Nobody else would: the backend's health changes no more.
TEST_F(HealthKeeperTest, WhatIsRefusedIsPutInForceLater) {
  start(config_for(1));
  refusals = 2;
  run_for(milliseconds(2500));
  EXPECT_EQ(in_force, (Conditions{{kBe1, {.weight = 0}}}));
  EXPECT_EQ(asked, 3);
}

TEST_F(HealthKeeperTest, AConfigurationThatIsOnlyLookedAtForgetsNobody) {
  start(config_for(1));
  Config without = config_for(1);
  without.pools["web"].backends.clear();
  Config other = config_for(1);
  other.pools["web"].backends[0].address = *IpAddress::parse("127.0.0.2");
  at(milliseconds(1000), [&] {
    EXPECT_EQ(keeper->health_of(without).conditions, Conditions{});
    EXPECT_EQ(keeper->health_of(other).pools.at("web").fresh, 1u) << "it has to answer first";
  });
  run_for(milliseconds(1500));
  EXPECT_EQ(keeper->verdicts().backends.at(kBe1).state, health::State::kDown);
  EXPECT_EQ(keeper->health().conditions, (Conditions{{kBe1, {.weight = 0}}}));
  EXPECT_EQ(asked, 1);
}

TEST_F(HealthKeeperTest, ARestartGoesOnWithWhatWasBelieved) {
  start(config_for(1));
  run_for(milliseconds(1000));
  start(config_for(1));
  EXPECT_EQ(keeper->health().conditions, (Conditions{{kBe1, {.weight = 0}}}));
  run_for(milliseconds(50));
  EXPECT_EQ(in_force, (Conditions{{kBe1, {.weight = 0}}}));
}

TEST_F(HealthKeeperTest, WhatAnOperatorSaysIsInForceAtOnceAndAfterARestart) {
  const Listener listener;
  start(config_for(listener.port));
  const api::Overridable be1 = api::BackendName{"web", "be1"};
  const auto drained = keeper->take_order(be1, {.what = api::BackendOrder::What::kDrain});
  ASSERT_TRUE(drained);
  EXPECT_TRUE(*drained);
  EXPECT_EQ(in_force, (Conditions{{kBe1, {.weight = 0}}}));
  EXPECT_FALSE(keeper->take_order(api::BackendName{"web", "be9"},
                                  {.what = api::BackendOrder::What::kDrain}));
  start(config_for(listener.port));
  EXPECT_EQ(keeper->health().conditions, (Conditions{{kBe1, {.weight = 0}}}));
  ASSERT_TRUE(keeper->take_order(be1, {.what = api::BackendOrder::What::kAuto}));
  EXPECT_EQ(in_force, Conditions{});
}

// A tunnel that cannot be had is our fault: nobody is found down for it.
TEST_F(HealthKeeperTest, WhoCannotBeAskedStaysAsHeWas) {
  Config config = config_for(1);
  config.pools["web"].check->via = CheckPath::kTunnel;
  start(config);
  run_for(milliseconds(1000));
  EXPECT_EQ(asked, 0);
  ASSERT_EQ(keeper->targets().size(), 1u);
  EXPECT_NE(keeper->why_unasked(keeper->targets()[0].id), "");
  EXPECT_EQ(keeper->verdicts().backends.at(kBe1).state, health::State::kUp);
}

}  // namespace
}  // namespace sluice
