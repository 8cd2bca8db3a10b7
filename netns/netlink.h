// SPDX-License-Identifier: Apache-2.0
// One rtnetlink socket: links, addresses and routes of the namespace it was opened in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"

struct nl_sock;

namespace sluice::netns {

struct VethEnd {
  std::string device;
  MacAddress mac;
  unsigned queues = 1;  // in each direction
};

struct LinkState {
  int ifindex = 0;
  MacAddress mac;
  unsigned mtu = 0;
  uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0;
  uint64_t tx_dropped = 0;  // of a veth: its peer's queue was full
};

// Stays in its namespace whoever uses it; one thread at a time.
class Netlink {
 public:
  // Opens in the namespace of the calling thread.
  static Result<Netlink> open();

  // The far end is made in the namespace behind `far_namespace`.
  Result<void> add_veth(const VethEnd& near, const VethEnd& far, int far_namespace, unsigned mtu);
  // A switch, into which devices are plugged.
  Result<void> add_bridge(const VethEnd& bridge, unsigned mtu);
  Result<void> plug(const std::string& device, const std::string& bridge);
  Result<void> set_up(const std::string& device, bool up = true);
  Result<void> set_mtu(const std::string& device, unsigned mtu);
  Result<void> delete_link(const std::string& device);
  // `prefix` is ADDRESS/LENGTH. IPv6 addresses skip duplicate address detection.
  Result<void> add_address(const std::string& device, const std::string& prefix);
  Result<void> delete_address(const std::string& device, const std::string& prefix);
  // Adds, or replaces, the route to `prefix` (0.0.0.0/0 and ::/0 are the default routes).
  Result<void> add_route(const std::string& prefix, const std::string& gateway);
  Result<LinkState> link(const std::string& device);
  // True when every link that is up also runs and no address is tentative.
  Result<bool> settled();

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  explicit Netlink(nl_sock* socket) : socket_(socket) {}
  std::unique_ptr<nl_sock, Free> socket_;
};

}  // namespace sluice::netns
