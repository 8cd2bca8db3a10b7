// SPDX-License-Identifier: Apache-2.0
// A private pair of network namespaces joined by a veth pair, for one test each.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/ip_address.h"
#include "base/unique_fd.h"
#include "network/monitor.h"
#include "network/resolver.h"

namespace sluice {

IpAddress ip(const char* text);
MacAddress mac(const char* text);

// The test runs on the host (v0: 192.0.2.1/24, 2001:db8::1/64, 02:00:00:00:00:01, MTU 1500). The
// peer (v1: 192.0.2.2, 2001:db8::2, 02:00:00:00:00:02) answers ARP and ND as any Linux host does.
class TwoHosts : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Run shell commands on the host and on the peer; all must succeed.
  void sh(const std::string& commands);
  void peer_sh(const std::string& commands);

  Resolution resolve(const std::vector<const char*>& backends, const FixedNextHops& fixed = {});
  // Why there is no way to `backend`; "" when there is one.
  std::string reason(const char* backend);
  // Resolves `backend` until there is a way, driven by a Monitor; fails the test after a while.
  NextHop resolve_until_found(const char* backend);
  // What `ip neigh show` says of an address on v0, state and flags and all.
  std::string neighbour(const char* address);
  uint32_t ifindex(const char* name);
  NextHop via_v0(const char* destination, const char* source);
  // The same where `destination` is a gateway's address.
  NextHop via_gateway(const char* destination, const char* source);

 private:
  UniqueFd home_, host_, peer_;
  std::optional<Resolver> resolver_;
};

// One Monitor on one event loop, which can be run once.
class Watch {
 public:
  explicit Watch(size_t receive_buffer = 8 << 20);
  // Runs the loop and asks `done` at first and whenever the Monitor calls, until it says yes
  // (true) or the time is over (false).
  bool until(const std::function<bool()>& done,
             std::chrono::milliseconds deadline = std::chrono::seconds(10));

  int calls = 0;
  int overruns = 0;

 private:
  std::function<bool()> done_;
  bool found_ = false;
  std::optional<EventLoop> loop_;
  std::optional<Monitor> monitor_;
};

}  // namespace sluice
