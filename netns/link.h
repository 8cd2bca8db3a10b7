// SPDX-License-Identifier: Apache-2.0
// A cable between two hosts: a veth pair that goes when its object goes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/host.h"

namespace sluice::netns {

struct LinkEnd {
  Host* host;
  std::string device;
  std::vector<std::string> addresses;  // ADDRESS/LENGTH
  // What XDP_TX and XDP_REDIRECT at the other end need to be delivered.
  bool xdp_pass = false;
};

struct LinkOptions {
  unsigned number = 1;  // makes the MAC addresses: 02:00:00:00:<number>:01 and :02
  unsigned mtu = 1500;
  unsigned queues = 1;  // of both ends; XDP programs use the one of their CPU
};

// Transmit checksum offload is off at both ends: an encapsulating program would ship the checksums
// it leaves undone.
class Link {
 public:
  // Both hosts must outlive the link.
  static Result<std::unique_ptr<Link>> connect(const LinkEnd& a, const LinkEnd& b,
                                               const LinkOptions& options);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  static MacAddress mac(unsigned link_number, unsigned end);

 private:
  Link() = default;
  Result<void> set_up(const LinkEnd& end);

  Host* host_ = nullptr;
  std::string device_;
  std::vector<UniqueFd> programs_;
};

}  // namespace sluice::netns
