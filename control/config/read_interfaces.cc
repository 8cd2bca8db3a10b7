// SPDX-License-Identifier: Apache-2.0
// The section `interfaces`: where client traffic arrives.
#include <algorithm>

#include "config/block.h"
#include "config/sections.h"
#include "config/values.h"

namespace sluice {

namespace {

// What the kernel takes as a name (dev_valid_name() in net/core/dev.c).
bool is_interface_name(std::string_view name) {
  constexpr size_t kLongest = 15;  // IFNAMSIZ - 1
  const auto allowed = [](char c) { return uint8_t(c) > ' ' && c != '/' && c != ':'; };
  return !name.empty() && name.size() <= kLongest && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), allowed);
}

Interface read_interface(const Entry& entry, Report& report) {
  Interface interface = {.name = entry.key->text};
  if (!is_interface_name(interface.name))
    complain(report, *entry.key,
             quoted(interface.name) +
                 " is not an interface name (at most 15 bytes; no space, \"/\" or \":\")");
  const Block block(*entry.value, kInterfaceKeys, "{mode: auto}", report);
  if (const Node* mode = block.find("mode"))
    interface.mode = read_choice(*mode, kModes, report).value_or(AttachMode::kAuto);
  if (const Node* next_hop = block.find("next_hop"))
    interface.next_hop = read_mac(*next_hop, report);
  if (const Node* vlan = block.find("vlan"))
    interface.keep_vlan = read_choice(*vlan, kVlans, report).value_or(true);
  return interface;
}

}  // namespace

void read_interfaces(const Node& node, Config& config, Report& report) {
  for (const Entry& entry : entries(node, "eth0: {mode: auto}", report)) {
    config.interfaces.push_back(read_interface(entry, report));
    if (config.interfaces.back().mode == AttachMode::kOffload && node.items.size() > 2)
      complain_at_key(report, *entry.value,
                      "mode: offload is for the only interface: the tables are in its device");
  }
  if (node.kind == Node::Kind::kMap && node.items.empty())
    complain(report, node, "at least one interface is needed");
}

}  // namespace sluice
