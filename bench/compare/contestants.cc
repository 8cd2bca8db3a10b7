// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <netinet/in.h>

#include "compare/contestant.h"
#include "compare/ipvs.h"
#include "compare/nftables.h"
#include "netns/xdp.h"

namespace sluice::bench {

namespace {

constexpr unsigned kIpHeader = 20;
constexpr Delivery kIpip = {
    .protocol = IPPROTO_IPIP, .to = Delivery::To::kBackend, .growth = kIpHeader};
constexpr Delivery kUntouched = {.protocol = IPPROTO_UDP, .to = Delivery::To::kVip};
constexpr Delivery kRewritten = {.protocol = IPPROTO_UDP, .to = Delivery::To::kBackend};
constexpr Delivery kToMac = {.protocol = IPPROTO_UDP, .to = Delivery::To::kBackendMac};

Result<AtWork> attach(Site& site, int program) {
  AtWork out;
  Result<UniqueFd> link = netns::attach_xdp(*site.balancer, kSiteDevice, program);
  if (!link) return link.error();
  out.held.push_back(std::move(*link));
  return out;
}

Result<AtWork> forward(Site& site) {
  if (Result<void> r = site.balancer->forward(); !r) return r.error();
  return AtWork{};
}

// A set of rules behind which the kernel forwards.
std::function<Result<AtWork>(Site&)> with_rules(std::string (*rules)(const Site&)) {
  return [rules](Site& site) -> Result<AtWork> {
    if (Result<void> r = site.balancer->forward(); !r) return r.error();
    if (Result<void> r = load_rules(site, rules(site)); !r) return r.error();
    return AtWork{};
  };
}

// Network cards verify checksums: so connection tracking is told not to, as it does not for them.
Result<AtWork> track_connections(Site& site) {
  Result<AtWork> work = with_rules(dnat_rules)(site);
  if (!work) return work;
  if (Result<void> r = site.balancer->sysctl("net/netfilter/nf_conntrack_checksum", "0"); !r)
    return r.error();
  return work;
}

}  // namespace

std::vector<Contestant> contestants(int null_tx, int encap) {
  std::vector<Contestant> all = {
      {.name = kFloorName,
       .summary = "an XDP program that only transmits: the way alone",
       .role = Role::kFloor,
       .delivery = kUntouched,
       .set_up = [null_tx](Site& site) { return attach(site, null_tx); }},
      {.name = "xdp-encap",
       .summary = "an XDP program that writes a ready IPIP header and looks at nothing",
       .delivery = kIpip,
       .set_up = [encap](Site& site) { return attach(site, encap); }}};
  for (const char* mode : {"native", "generic", "tc"})
    for (const char* tracking : {"adaptive", "always"})
      all.push_back(sluice_contestant(mode, tracking));
  all.insert(all.end(),
             {{.name = kForwardingName,
               .summary = "the kernel's IPv4 forwarding by one route, no rule",
               .delivery = kUntouched,
               .set_up = forward},
              {.name = "nft-jhash-dsr",
               .summary = "nftables at ingress: another MAC address by jhash, and out again",
               .delivery = kToMac,
               .set_up = with_rules(dsr_rules)},
              {.name = "nft-jhash",
               .summary = "nftables, stateless: another address by jhash, then forwarding",
               .delivery = kRewritten,
               .set_up = with_rules(stateless_rules)},
              {.name = "nft-dnat",
               .summary = "nftables, DNAT by jhash with connection tracking, then forwarding",
               .delivery = kRewritten,
               .set_up = track_connections},
              {.name = "ipvs-ipip",
               .summary = "IPVS, Maglev hashing over addresses and ports, IPIP tunnels",
               .delivery = kIpip,
               .set_up = [](Site& site) -> Result<AtWork> {
                 if (Result<void> r = start_ipvs(site); !r) return r.error();
                 return AtWork{};
               }}});
  return all;
}

}  // namespace sluice::bench
