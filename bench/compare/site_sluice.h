// SPDX-License-Identifier: Apache-2.0
// sluice on a site's balancer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"
#include "compare/site.h"
#include "netns/instance.h"

namespace sluice::bench {

// What its configuration file says: one service on the site's VIP and port, IPIP.
struct SiteConfig {
  std::string mode = "native", tracking = "adaptive";
  bool tcp = false;  // besides UDP
  // Of the site's.
  unsigned first_backend = 1, backends = kSiteBackends;
  std::optional<MacAddress> next_hop;  // none: the kernel is asked
  bool range = false;  // a service on a range of ports as well, for which another program is needed
};
std::string site_config(const SiteConfig& config);

// Returns when it forwards. An Error if the mode is not what was asked for. The site must outlive
// it. Called by the main thread.
Result<std::unique_ptr<netns::Instance>> start_sluice(Site& site, const std::string& name,
                                                      const SiteConfig& config);

}  // namespace sluice::bench
