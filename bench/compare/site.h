// SPDX-License-Identifier: Apache-2.0
// Where a contestant runs: a balancer of its own, and a network that is all its clients and all its
// backends, at the two ends of one link.
//
//   network   eth0   198.51.100.1/30    clients 198.18.0.0/15 and backends 203.0.113.1 to .64
//   balancer  eth0   198.51.100.2/30    VIP 192.0.2.10, port 9/udp
//
// Packets go in and out by the same device of the balancer, as with a router on a stick, whoever
// forwards them: so all of them pay the same for the way.
#pragma once

#include <memory>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"
#include "netns/host.h"
#include "netns/link.h"

namespace sluice::bench {

inline constexpr char kSiteDevice[] = "eth0";  // of both
inline constexpr char kNetworkAddress[] = "198.51.100.1";
inline constexpr char kBalancerAddress[] = "198.51.100.2";
inline constexpr char kSiteVip[] = "192.0.2.10";
inline constexpr uint16_t kSitePort = 9;
inline constexpr char kClients[] = "198.18.0.0";
inline constexpr unsigned kSiteBackends = 64;

struct Site {
  std::unique_ptr<netns::Host> network, balancer;
  std::unique_ptr<netns::Link> link;  // goes before its hosts
  std::string directory;              // for the contestant's files; exists as long as the lab
  MacAddress network_mac, balancer_mac;

  // `name` is unique in the lab, which must outlive the site. As many CPUs can send at once as the
  // link has queues.
  static Result<Site> create(const netns::Lab& lab, const std::string& name, unsigned queues = 1);
};

// "203.0.113.7": of backend 7; they are counted from 1.
std::string backend_address(unsigned number);
// Where it would be reached if it were on the balancer's Ethernet.
MacAddress backend_mac(unsigned number);

}  // namespace sluice::bench
