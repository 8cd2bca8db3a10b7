// SPDX-License-Identifier: Apache-2.0
#include "loadgen/port_spec.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::loadgen {

namespace {

constexpr std::pair<std::string_view, PortKind> kPrefixes[] = {
    {"af_packet:", PortKind::kAfPacket}, {"af_xdp:", PortKind::kAfXdp}, {"pci:", PortKind::kPci}};

// Of the PACKET_MMAP rings: room for a burst of the kernel's.
constexpr char kAfPacketArguments[] = "framecnt=4096,framesz=2048,blocksz=65536,qdisc_bypass=1";

bool has(const std::string& arguments, std::string_view key) {
  return ("," + arguments).find(fmt::format(",{}=", key)) != std::string::npos;
}

}  // namespace

Result<PortSpec> parse_port(std::string_view text) {
  for (const auto& [prefix, kind] : kPrefixes) {
    if (!text.starts_with(prefix)) continue;
    const std::string_view rest = text.substr(prefix.size());
    const std::string_view name = rest.substr(0, rest.find(','));
    if (name.empty()) break;
    PortSpec spec = {.kind = kind, .name = std::string(name), .arguments = {}};
    if (name.size() < rest.size()) spec.arguments = rest.substr(name.size() + 1);
    return spec;
  }
  return Error{fmt::format(
      "\"{}\" is not a port: af_packet:INTERFACE, af_xdp:INTERFACE, pci:ADDRESS", text)};
}

std::string dpdk_name(const PortSpec& spec, unsigned number) {
  switch (spec.kind) {
    case PortKind::kAfPacket:
      return fmt::format("net_af_packet{}", number);
    case PortKind::kAfXdp:
      return fmt::format("net_af_xdp{}", number);
    case PortKind::kPci:
      return spec.name;
  }
  std::abort();
}

std::string dpdk_arguments(const PortSpec& spec) {
  std::string arguments = spec.arguments;
  if (spec.kind != PortKind::kPci)
    arguments = "iface=" + spec.name + (arguments.empty() ? "" : "," + arguments);
  // What is given is left alone.
  if (spec.kind == PortKind::kAfPacket && !has(arguments, "framecnt"))
    arguments += std::string(",") + kAfPacketArguments;
  return arguments;
}

}  // namespace sluice::loadgen
