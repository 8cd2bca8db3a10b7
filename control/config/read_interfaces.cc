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

// Behind a program that sends the packet the next one's verdict would count: it would be passed.
void read_verdict(const Node& node, std::set<XdpVerdict>& verdicts, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a word", report);
  if (!text) return;
  if (*text == "tx" || *text == "redirect")
    return complain(report, node,
                    quoted(*text) +
                        " is sluice's verdict on what it forwards, and the next program's would "
                        "take its place (pass, drop and aborted can be continued after)");
  const std::optional<XdpVerdict> verdict = read_choice(node, *text, kXdpVerdicts, report);
  if (verdict && !verdicts.insert(*verdict).second)
    complain(report, node, quoted(*text) + " is there twice");
}

std::optional<Share> read_share(const Node& node, Report& report) {
  if (node.kind == Node::Kind::kScalar)
    return read_choice(node, kBooleans, report).value_or(false) ? std::optional(Share{})
                                                                : std::nullopt;
  Share share;
  const Block block(node, kShareKeys, "{priority: 50, continue: [pass]}", report);
  if (const Node* priority = block.find("priority"))
    share.priority = read_number(*priority, 0, 0xffff, report).value_or(share.priority);
  if (const Node* verdicts = block.find("continue")) {
    share.go_on_after.clear();
    for (const Node* verdict : one_or_more(*verdicts))
      read_verdict(*verdict, share.go_on_after, report);
  }
  return share;
}

Interface read_interface(const Entry& entry, Report& report) {
  Interface interface = {.name = std::string(entry.key->text)};
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
  if (const Node* share = block.find("share")) {
    interface.share = read_share(*share, report);
    const bool is_xdp = interface.mode != AttachMode::kTc && interface.mode != AttachMode::kOffload;
    if (interface.share && !is_xdp)
      complain_at_key(report, *share,
                      "share is for XDP programs of the host (mode auto, native or generic)");
  }
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
