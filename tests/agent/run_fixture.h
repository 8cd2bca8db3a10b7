// SPDX-License-Identifier: Apache-2.0
// A balancer and a backend on one cable, and the sluice-agent program on the backend.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/check.h"
#include "lab/packets.h"
#include "netns/lab.h"
#include "netns/link.h"
#include "netns/process.h"
#include "netns/xdp.h"

namespace sluice::netns {

inline const std::string kBalancer4 = "203.0.113.2", kBalancer6 = "2001:db8:e::2";
inline const std::string kBackend4 = "203.0.113.6", kBackend6 = "2001:db8:e::6";
inline const std::string kVip4 = "192.0.2.10", kVip6 = "2001:db8::10";
inline const std::string kClient4 = "198.51.100.7", kClient6 = "2001:db8:c::7";
inline constexpr char kInstance[] = "test";
inline constexpr uint16_t kPort = 9999;
inline constexpr milliseconds kPatience{2000};  // for what must come
inline constexpr milliseconds kSilence{200};    // for what must not

class RunTest : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  void SetUp() override;
  void connect();

  // `run` with what this backend needs, and `more`.
  Words run_words(const Words& more = {}) const;
  Result<Process> start(const Words& more = {}) const;
  // Runs the agent's program on the backend to its end.
  Exit finish(const Words& words) const;
  Exit status() const { return finish(with_place({"status"})); }
  Exit unload() const { return finish(with_place({"unload"})); }
  nlohmann::json status_json() const;
  Words with_place(Words words) const;

  // A datagram with `text` to VIP4 in a tunnel to `tunnel_end`.
  Result<void> send(const std::string& text, const std::string& tunnel_end = kBackend4) const;
  // The same right behind a UDP header: FOU, or variant 1 of GUE.
  Result<void> send_in_udp(const std::string& text, uint16_t port) const;
  // Sends it and says what arrived at the VIP: `text`, or nothing.
  std::string deliver(const std::string& text, const std::string& tunnel_end = kBackend4);
  // The MSS that a client on the other end of the cable gets from VIP4, on a new connection.
  int mss_of_vip();
  // Tries until it arrives; false if it never does.
  bool comes_to_deliver(const std::string& tunnel_end = kBackend4);
  XdpState xdp() const;
  std::string pins() const { return lab_->bpffs() + "/sluice-agent/" + kInstance; }

  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Host> balancer_, backend_;
  std::unique_ptr<Link> link_;
  UniqueFd at_vip_;  // a UDP socket
  std::string interface_ = "eth0";
  Words always_;  // what every `run` is told, too
};

}  // namespace sluice::netns
