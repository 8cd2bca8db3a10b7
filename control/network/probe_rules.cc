// SPDX-License-Identifier: Apache-2.0
#include "network/probe_rules.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/fib_rules.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <set>
#include <utility>

#include "base/ip_address.h"

namespace sluice {

namespace {

// Next hops that nobody asks for, so that there is one neighbour for all VIPs, and not one for
// each: the device has no ARP.
const IpAddress kNextHop4 = *IpAddress::parse("169.254.0.1");
const IpAddress kNextHop6 = *IpAddress::parse("fe80::1");

uint32_t table_of(uint32_t instance) {
  return kProbeTable + instance;
}

// A default route out of the device.
NetlinkRequest route(uint16_t type, int family, uint32_t ifindex, uint32_t instance) {
  rtmsg header = {};
  header.rtm_family = uint8_t(family);
  header.rtm_table = RT_TABLE_UNSPEC;
  header.rtm_protocol = kProbeProtocol;
  header.rtm_type = RTN_UNICAST;
  header.rtm_flags = RTNH_F_ONLINK;
  const uint16_t flags = type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0;
  NetlinkRequest request(type, uint16_t(NLM_F_ACK | flags), header);
  request.put_u32(RTA_TABLE, table_of(instance));
  request.put_u32(RTA_OIF, ifindex);
  request.put_address(RTA_GATEWAY, family == AF_INET ? kNextHop4 : kNextHop6);
  return request;
}

NetlinkRequest rule(uint16_t type, int family, uint32_t instance) {
  fib_rule_hdr header = {};
  header.family = uint8_t(family);
  header.action = FR_ACT_TO_TBL;
  header.table = RT_TABLE_UNSPEC;
  const uint16_t flags = type == RTM_NEWRULE ? NLM_F_CREATE | NLM_F_EXCL : 0;
  NetlinkRequest request(type, uint16_t(NLM_F_ACK | flags), header);
  request.put_u32(FRA_PRIORITY, kProbeRulePriority);
  request.put_u32(FRA_FWMARK, sluice_probe_mark(instance, 0));
  request.put_u32(FRA_FWMASK, SLUICE_PROBE_MARK_MASK);
  request.put_u32(FRA_TABLE, table_of(instance));
  request.put(FRA_PROTOCOL, &kProbeProtocol, sizeof kProbeProtocol);
  return request;
}

// The instances whose marks somebody else's rules speak of.
Result<std::set<uint32_t>> foreign_marks(Netlink& netlink) {
  std::set<uint32_t> found;
  for (const int family : {AF_INET, AF_INET6}) {
    fib_rule_hdr header = {};
    header.family = uint8_t(family);
    Result<Netlink::Bytes> dump = netlink.dump(NetlinkRequest(RTM_GETRULE, 0, header));
    if (!dump && dump.error().code == EAFNOSUPPORT) continue;
    if (!dump) return Error{"list the routing rules: " + dump.error().message, dump.error().code};
    for_each_message(dump->data(), dump->size(), [&](const nlmsghdr* m) {
      if (m->nlmsg_type != RTM_NEWRULE) return;
      const NetlinkAttributes attributes(m, sizeof(fib_rule_hdr), FRA_MAX);
      const uint32_t mark = attributes.u32(FRA_FWMARK), mask = attributes.u32(FRA_FWMASK);
      const uint32_t instance = sluice_probe_instance(mark);
      const bool ours = attributes.u8(FRA_PROTOCOL) == kProbeProtocol &&
                        attributes.u32(FRA_TABLE) == table_of(instance);
      if (!ours && (mask & SLUICE_PROBE_MARK_MASK) == SLUICE_PROBE_MARK_MASK &&
          instance < SLUICE_PROBE_INSTANCES)
        found.insert(instance);
    });
  }
  return found;
}

// Whoever makes this route has the mark, for there can be but one. False: somebody has it.
Result<bool> claim(Netlink& netlink, uint32_t ifindex, uint32_t instance) {
  const std::string doing = fmt::format("add a route to table {}", table_of(instance));
  Result<void> r = netlink.change(doing, route(RTM_NEWROUTE, AF_INET, ifindex, instance));
  if (r) return true;
  if (r.error().code == EEXIST) return false;
  return r.error();
}

void remove_rules(Netlink& netlink, uint32_t instance) {
  for (const int family : {AF_INET, AF_INET6})
    while (netlink.change("", rule(RTM_DELRULE, family, instance))) continue;
}

// Takes away the rules of processes that were killed. Their marks are claimed meanwhile.
void clean_up_after_others(Netlink& netlink, uint32_t ifindex, uint32_t own) {
  for (uint32_t instance = 0; instance < SLUICE_PROBE_INSTANCES; instance++) {
    if (instance == own) continue;
    const Result<bool> free = claim(netlink, ifindex, instance);
    if (!free || !*free) continue;
    remove_rules(netlink, instance);
    (void)netlink.change("", route(RTM_DELROUTE, AF_INET, ifindex, instance));
  }
}

// One that is there already was left by a killed process, and is the same.
Result<void> add_rule(Netlink& netlink, int family, uint32_t instance) {
  Result<void> r =
      netlink.change(fmt::format("add a rule for the mark {:#x}", sluice_probe_mark(instance, 0)),
                     rule(RTM_NEWRULE, family, instance));
  if (!r && r.error().code == EEXIST) return {};
  return r;
}

Result<void> lead_v6(Netlink& netlink, uint32_t ifindex, uint32_t instance) {
  const std::string doing = fmt::format("add an IPv6 route to table {}", table_of(instance));
  Result<void> r = netlink.change(doing, route(RTM_NEWROUTE, AF_INET6, ifindex, instance));
  return r ? add_rule(netlink, AF_INET6, instance) : r;
}

}  // namespace

Result<ProbeRules> ProbeRules::create(const std::string& device, uint32_t ifindex) {
  Result<Netlink> netlink = Netlink::open();
  if (!netlink) return netlink.error();
  Result<std::set<uint32_t>> foreign = foreign_marks(*netlink);
  if (!foreign) return foreign.error();
  for (uint32_t instance = 0; instance < SLUICE_PROBE_INSTANCES; instance++) {
    if (foreign->contains(instance)) continue;
    Result<bool> claimed = claim(*netlink, ifindex, instance);
    if (!claimed) return Error{device + ": " + claimed.error().message, claimed.error().code};
    if (!*claimed) continue;
    clean_up_after_others(*netlink, ifindex, instance);
    ProbeRules rules(std::move(*netlink), instance);
    if (Result<void> r = add_rule(rules.netlink_, AF_INET, instance); !r) return r.error();
    if (Result<void> r = lead_v6(rules.netlink_, ifindex, instance); !r)
      rules.missing_v6_ = r.error().message;
    return rules;
  }
  return Error{
      fmt::format("no mark is left for probes: each of {:#x} to {:#x} (with the mask {:#x}) has a "
                  "rule or, in table {} to {}, a route of somebody else's; see `ip rule`",
                  sluice_probe_mark(0, 0), sluice_probe_mark(SLUICE_PROBE_INSTANCES - 1, 0),
                  SLUICE_PROBE_MARK_MASK, table_of(0), table_of(SLUICE_PROBE_INSTANCES - 1))};
}

ProbeRules::ProbeRules(ProbeRules&& other) noexcept
    : netlink_(std::move(other.netlink_)),
      instance_(other.instance_),
      owned_(std::exchange(other.owned_, false)),
      missing_v6_(std::move(other.missing_v6_)) {
}

ProbeRules::~ProbeRules() {
  if (owned_) remove_rules(netlink_, instance_);
}

}  // namespace sluice
