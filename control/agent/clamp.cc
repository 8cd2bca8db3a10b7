// SPDX-License-Identifier: Apache-2.0
#include "agent/clamp.h"

#include <bpf/libbpf.h>

#include <algorithm>

#include "agent_mss.skel.h"
#include "kernel/load_log.h"
#include "kernel/skeleton.h"
#include "kernel/tc_filter.h"

namespace sluice::agent {

namespace {

constexpr uint32_t kTcpHeader = 20, kIpv4Header = 20, kIpv6Header = 40;
constexpr uint32_t kLeast = 536;  // what every host takes (RFC 9293, 3.7.1)

// Of a kind of tunnel, without options: behind the outer IP header.
uint32_t header_of(sluice_agent_tunnel kind) {
  switch (kind) {
    case SLUICE_AGENT_TUNNEL_GRE:
      return 4 + 3 * 4;  // checksum, key and sequence number
    case SLUICE_AGENT_TUNNEL_FOU:
      return 8;
    case SLUICE_AGENT_TUNNEL_GUE:
      return 8 + 4;
    case SLUICE_AGENT_TUNNEL_GENEVE:
      return 8 + 8 + 14;  // an Ethernet header inside
    case SLUICE_AGENT_TUNNEL_IPIP:
    case SLUICE_AGENT_TUNNEL_COUNT:
      break;
  }
  return 0;
}

uint32_t largest_overhead(const Settings& settings) {
  const bool v6 = std::any_of(settings.allowed.begin(), settings.allowed.end(),
                              [](const Prefix& p) { return !p.address.is_v4(); });
  uint32_t header = header_of(SLUICE_AGENT_TUNNEL_GRE);
  for (const TunnelPort& p : settings.ports) header = std::max(header, header_of(p.kind));
  return (v6 ? kIpv6Header : kIpv4Header) + header;
}

}  // namespace

Mss mss_for(const Settings& settings, uint32_t mtu) {
  const uint16_t fixed = settings.mss.value_or(0);
  if (fixed != 0) return {fixed, fixed};
  const uint32_t overhead = largest_overhead(settings);
  const auto most = [&](uint32_t ip) {
    const uint32_t around = overhead + ip + kTcpHeader;
    return uint16_t(std::clamp<uint32_t>(mtu < around ? 0 : mtu - around, kLeast, 0xffff));
  };
  return {most(kIpv4Header), most(kIpv6Header)};
}

Result<void> clamp(const std::string& interface, uint32_t ifindex, Mss mss, int vips_fd,
                   const Pins& pins) {
  LoadLog log;
  SkeletonPtr<agent_mss> skeleton(agent_mss::open());
  if (!skeleton) return errno_error("open the embedded BPF object of the MSS clamp");
  skeleton->rodata->mss_v4 = mss.v4;
  skeleton->rodata->mss_v6 = mss.v6;
  if (int r = bpf_map__reuse_fd(skeleton->maps.vips, vips_fd); r < 0)
    return errno_error("share the VIPs with the MSS clamp", r);
  if (int r = agent_mss::load(skeleton.get()); r < 0)
    return Error{errno_error("load the MSS clamp", r).message + log.tail()};
  const int program = bpf_program__fd(skeleton->progs.sluice_mss);

  const TcPlace place = {.interface = interface, .ifindex = ifindex, .hook = TcHook::kEgress};
  Result<TcFilter> filter = TcFilter::put(place, program, pins.path(clamp_name(interface)));
  if (!filter) return Error{"lower the MSS: " + filter.error().message};
  return {};
}

Result<void> unclamp(const std::string& interface, const Pins& pins) {
  return TcFilter::remove(pins.path(clamp_name(interface)));
}

}  // namespace sluice::agent
