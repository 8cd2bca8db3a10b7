// SPDX-License-Identifier: Apache-2.0
// Load balancing by nftables rules, as its documentation shows them: a backend for every hash of
// the client's address and port.
#pragma once

#include <string>

#include "base/result.h"
#include "compare/site.h"

namespace sluice::bench {

// For nft(8). Direct server return: at the device's ingress hook, to a backend's MAC address.
std::string dsr_rules(const Site& site);
// The destination address is rewritten and nothing remembered.
std::string stateless_rules(const Site& site);
// NAT of connections.
std::string dnat_rules(const Site& site);

// Puts `rules` in force on the balancer. An Error where nft(8) is missing or the kernel lacks
// something.
Result<void> load_rules(Site& site, const std::string& rules);

}  // namespace sluice::bench
