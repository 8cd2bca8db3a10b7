// SPDX-License-Identifier: Apache-2.0
// Packets that would be lost between two interfaces, with no counter of ours to show it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "daemon/attachments.h"
#include "model/next_hop.h"

namespace sluice {

// By the interface packets come in by, at native XDP: the ways out that take none of them, and what
// to do about it. `no_targets` as list_no_redirect_targets() has them.
std::map<std::string, std::string> lost_redirects(const std::vector<Interface>& interfaces,
                                                  const Attachments& attachments,
                                                  const NextHops& next_hops,
                                                  const std::set<uint32_t>& no_targets);

}  // namespace sluice
