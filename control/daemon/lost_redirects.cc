// SPDX-License-Identifier: Apache-2.0
#include "daemon/lost_redirects.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice {

std::map<std::string, std::string> lost_redirects(const std::vector<Interface>& interfaces,
                                                  const Attachments& attachments,
                                                  const NextHops& next_hops,
                                                  const std::set<uint32_t>& no_targets) {
  std::map<std::string, std::string> out;
  for (const Interface& i : interfaces) {
    const Attachment* a = attachments.find(i.name);
    if (!a || a->mode() != std::string_view(to_string(XdpMode::kNative))) continue;
    std::set<std::string> ways;
    for (const auto& [backend, hop] : next_hops)
      if (hop.ifindex != a->ifindex() && no_targets.contains(hop.ifindex))
        ways.insert(hop.interface);
    if (ways.empty()) continue;
    out.emplace(i.name,
                fmt::format("what leaves by {0} is lost: it takes no packets of native XDP as it "
                            "is. Most drivers do once a program is attached there (name {0} among "
                            "the interfaces), a veth once its other end has one, or GRO; modes "
                            "generic and tc do without",
                            fmt::join(ways, ", ")));
  }
  return out;
}

}  // namespace sluice
