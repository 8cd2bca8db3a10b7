// SPDX-License-Identifier: Apache-2.0
// `forward`, which may stand in the defaults or at a backend: how packets reach it.
#include <fmt/format.h>

#include <algorithm>

#include "config/block.h"
#include "config/sections.h"
#include "config/values.h"

namespace sluice {

namespace {

constexpr uint32_t kLargestVni = 0xffffff;
// The data plane puts the flow's entropy into the last 32 bits, of IPv4 below the first octet.
constexpr uint8_t kShortestSourceV4 = 8, kShortestSourceV6 = 96;

struct TunnelForm {
  Tunnel tunnel;
  uint16_t port;  // default; 0: the tunnel has none
  std::span<const Word> keys;
  std::string_view example;
};

constexpr TunnelForm kForms[] = {
    {Tunnel::kL2, 0, {}, "{}"},
    {Tunnel::kIpip, 0, kIpipKeys, "{source: [10.0.0.5, \"fd00::5\"]}"},
    {Tunnel::kGre, 0, kGreKeys, "{source: [10.0.0.5, \"fd00::5\"]}"},
    {Tunnel::kFou, 5555, kFouKeys, "{port: 5555, port6: 5556}"},
    {Tunnel::kGue, 6080, kGueKeys, "{port: 6080}"},
    {Tunnel::kGeneve, 6081, kGeneveKeys, "{port: 6081, vni: 100}"},
};

const TunnelForm& form_of(Tunnel tunnel) {
  return *std::find_if(std::begin(kForms), std::end(kForms),
                       [&](const TunnelForm& f) { return f.tunnel == tunnel; });
}

Forward make_forward(const TunnelForm& form) {
  return {.tunnel = form.tunnel, .port = form.port, .port_v6 = form.port};
}

void read_sources(const Node& node, Forward& forward, Report& report) {
  for (const Node* item : one_or_more(node)) {
    const std::optional<IpPrefix> source = read_prefix(*item, report);
    if (!source) continue;
    const bool v4 = source->address.is_v4();
    std::optional<IpPrefix>& slot = v4 ? forward.source_v4 : forward.source_v6;
    if (source->length < (v4 ? kShortestSourceV4 : kShortestSourceV6))
      complain(
          report, *item,
          fmt::format("{} is too wide: a source has at least {} bits for IPv4 and {} for IPv6, "
                      "so that the flow's entropy lies in the last 32",
                      source->to_string(), kShortestSourceV4, kShortestSourceV6));
    else if (slot)
      complain(report, *item, "there is one source per family; this is the second");
    slot = source;
  }
}

uint16_t read_udp_port(const Node& node, uint16_t otherwise, Report& report) {
  return uint16_t(read_number(node, 1, 65535, report).value_or(otherwise));
}

// Of what the tunnel does not have, the block holds nothing.
void read_options(const Block& block, Forward& forward, Report& report) {
  if (const Node* source = block.find("source")) read_sources(*source, forward, report);
  if (const Node* port = block.find("port"))
    forward.port = forward.port_v6 = read_udp_port(*port, forward.port, report);
  if (const Node* port6 = block.find("port6"))
    forward.port_v6 = read_udp_port(*port6, forward.port_v6, report);
  if (const Node* variant = block.find("variant"))
    forward.gue_variant = uint8_t(read_number(*variant, 0, 1, report).value_or(0));
  if (const Node* vni = block.find("vni"))
    forward.vni = read_number(*vni, 0, kLargestVni, report).value_or(0);
  if (const Node* checksum = block.find("checksum"))
    forward.checksum_v6 = read_choice(*checksum, kBooleans, report).value_or(true);
}

}  // namespace

std::optional<Forward> read_forward(const Node& node, Report& report) {
  if (node.kind != Node::Kind::kMap) {
    const std::optional<Tunnel> tunnel = read_choice(node, kTunnels, report);
    return tunnel ? std::optional(make_forward(form_of(*tunnel))) : std::nullopt;
  }
  const std::vector<Entry> tunnels = entries(node, "{gue: {port: 6080}}", report);
  if (tunnels.size() != 1) {
    complain(report, node, "exactly one tunnel is expected");
    return std::nullopt;
  }
  const std::optional<Tunnel> tunnel =
      read_choice(*tunnels[0].key, tunnels[0].key->text, kTunnels, report);
  if (!tunnel) return std::nullopt;
  const TunnelForm& form = form_of(*tunnel);
  Forward forward = make_forward(form);
  read_options(Block(*tunnels[0].value, form.keys, form.example, report), forward, report);
  return forward;
}

}  // namespace sluice
