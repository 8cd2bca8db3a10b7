// SPDX-License-Identifier: Apache-2.0
#include "lab/links/link_test.h"

namespace sluice::netns {
namespace {

// A lost SYN comes again after a second; an answer that comes sooner was asked for once.
constexpr milliseconds kWithoutRepetition{900};

}  // namespace

std::string LinkTest::sh(const Host& host, const std::string& commands) {
  const Result<Exit> exit = run_program(host, {"/bin/sh", "-ec", commands}, milliseconds(30000));
  EXPECT_TRUE(exit) << exit.error().message;
  if (!exit) return "";
  EXPECT_EQ(exit->status, 0) << commands << "\n" << exit->output;
  return exit->output;
}

uint32_t LinkTest::ifindex(const std::string& device) {
  const Result<LinkState> link = topology_->balancer().netlink().link(device);
  EXPECT_TRUE(link) << link.error().message;
  return link ? uint32_t(link->ifindex) : 0;
}

nlohmann::json LinkTest::interface_now(const std::string& name) {
  const nlohmann::json now = status();
  for (const nlohmann::json& i : now.value("interfaces", nlohmann::json::array()))
    if (i.at("name") == name) return i;
  return {};
}

void LinkTest::expect_attached(uint32_t ifindex, Clock::time_point since) {
  nlohmann::json last;
  for (;;) {
    const bool late = Clock::now() > since + kSoon;
    last = interface_now();
    if (last.value("attached", false) && last.value("ifindex", 0u) == ifindex) return;
    ASSERT_FALSE(late) << last << "\n" << product_->daemon().output();
    LAB_ASSERT_OK(pause_for(milliseconds(10)));
  }
}

void LinkTest::expect_served(Clock::time_point since) {
  if (Clock::now() < since + kSoon)
    LAB_ASSERT_OK(pause_for(std::chrono::ceil<milliseconds>(since + kSoon - Clock::now())));
  const Tally t = ask(40);
  EXPECT_LT(t.slowest, kWithoutRepetition);
  if (HasFailure()) ADD_FAILURE() << status().dump(1) << "\n" << product_->daemon().output();
}

void LinkTest::expect_said(const std::string& word, size_t from) {
  const Result<void> said =
      wait_until([&] { return product_->daemon().output().find(word, from) != std::string::npos; },
                 milliseconds(5000), "the daemon to say: " + word);
  ASSERT_TRUE(said) << said.error().message << "\n" << product_->daemon().output();
}

}  // namespace sluice::netns
