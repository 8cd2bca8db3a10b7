// SPDX-License-Identifier: Apache-2.0
// A flood of SYNs, each from a source that does not exist.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/netlink.h"
#include "netns/topology.h"

namespace sluice::netns {

struct FloodOptions {
  std::string vip = kVip6;  // IPv6 has enough addresses to spoof
  uint16_t port = 0;        // of the VIP
  unsigned per_second = 0;  // 0: as fast as it goes, and most is lost on the way
};

// Sends from the client's wire in the background, each SYN from another address, until its end.
class SynFlood {
 public:
  static Result<std::unique_ptr<SynFlood>> start(Topology& topology, const FloodOptions& options);
  SynFlood(const SynFlood&) = delete;
  SynFlood& operator=(const SynFlood&) = delete;
  ~SynFlood();

  size_t sent() const { return sent_; }

 private:
  explicit SynFlood(const FloodOptions& options) : options_(options) {}
  void run(const MacAddress& from, const MacAddress& to);

  const FloodOptions options_;
  UniqueFd socket_;
  std::atomic<size_t> sent_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::netns
