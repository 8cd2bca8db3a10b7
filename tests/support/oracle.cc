// SPDX-License-Identifier: Apache-2.0
#include "support/oracle.h"

#include <netinet/in.h>

#include <algorithm>
#include <tuple>

namespace sluice::test {

namespace {

constexpr size_t kIcmpHeader = 8, kQuotedL4 = 8, kQuote = 512;

Expectation dropped(Reasons reasons) {
  return {.drop = true, .drop_reasons = std::move(reasons)};
}
Expectation passed(sluice_pass_reason why) {
  return {.pass = true, .pass_reason = why};
}

// Whoever may refuse the packet for what we do not look into may also do so here.
Expectation or_dropped(Expectation e, bool doubtful) {
  if (!doubtful) return e;
  e.drop = true;
  e.drop_reasons.clear();
  return e;
}

struct Quote {
  uint8_t protocol;
  IpAddress source, destination;
  size_t headers;
  bool usable, doubtful;
};

// The packet that an ICMP error quotes, as far as RFC 792 and RFC 4443 promise it.
Quote read_quote4(const Bytes& q) {
  if (q.size() < 20) return {};
  Quote r = {.protocol = q[9],
             .source = IpAddress::from_v4(q.data() + 12),
             .destination = IpAddress::from_v4(q.data() + 16),
             .headers = size_t(q[0] & 0xf) * 4};
  r.usable = q[0] >> 4 == 4 && r.headers >= 20 && (get16(q, 6) & 0x1fff) == 0;
  return r;
}
Quote read_quote6(const Bytes& q) {
  if (q.size() < 40) return {};
  const Chain chain = walk_chain(q, q[6], 40, q.size());
  return {.protocol = chain.protocol,
          .source = IpAddress::from_v6(q.data() + 8),
          .destination = IpAddress::from_v6(q.data() + 24),
          .headers = 40 + chain.length,
          .usable = q[0] >> 4 == 6 && !chain.broken && chain.offset == 0,
          .doubtful = chain.doubtful};
}

// What our own tunnel would carry behind its outer IP header. GUE variant 0 begins with 0 and the
// number of IP, Geneve without options with two zeros; without either IP begins at once.
Bytes carried_by(uint8_t protocol, const Bytes& l4) {
  if (protocol == IPPROTO_GRE) return slice(l4, 4, l4.size());
  if (protocol != IPPROTO_UDP) return l4;
  const Bytes payload = slice(l4, 8, l4.size());
  if (payload.size() < 4) return {};
  if (payload[0] >> 4 == 4 || payload[0] >> 4 == 6) return payload;
  if (payload[0] != 0) return {};
  const bool gue = payload[1] == IPPROTO_IPIP || payload[1] == IPPROTO_IPV6;
  return slice(payload, gue ? 4 : 8, payload.size());
}

// RFC 9293, 3.10.7.1 of whole segments; who sent a reset, or an error about one, wants no answer.
Expectation expect_nobody(const Datagram& d, bool is_error, EmptyPolicy policy) {
  constexpr uint8_t kRst = 0x04;
  if (policy == EmptyPolicy::kPass) return passed(SLUICE_PASS_EMPTY);
  if (policy == EmptyPolicy::kReset && d.protocol == IPPROTO_TCP && d.part == Part::kWhole &&
      !is_error && !(d.tcp_flags & kRst) && d.tcp_header >= 20 &&
      d.tcp_header <= d.length - d.headers)
    return {.reset = true};
  return dropped({SLUICE_DROP_NO_MEMBER});
}

bool is_icmp(uint8_t protocol) {
  return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

}  // namespace

size_t Target::overhead() const {
  const size_t ip = backend.address.is_v4() ? 20 : 40;
  switch (backend.forward.tunnel) {
    case Tunnel::kL2:
      return 0;
    case Tunnel::kIpip:
      return ip;
    case Tunnel::kGre:
      return ip + 4;
    case Tunnel::kFou:
      return ip + 8;
    case Tunnel::kGue:
      return ip + (backend.forward.gue_variant == 0 ? 12 : 8);
    case Tunnel::kGeneve:
      return ip + 16;
  }
  std::abort();
}

IpPrefix Target::source() const {
  const std::optional<IpPrefix>& chosen =
      backend.address.is_v4() ? backend.forward.source_v4 : backend.forward.source_v6;
  return chosen.value_or(IpPrefix::of(way.preferred_source));
}

void Oracle::configure(const Config& config, const NextHops& next_hops,
                       const std::vector<MacAddress>& macs) {
  config_ = config;
  macs_ = macs;
  targets_.clear();
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends) {
      const NextHops::const_iterator way = next_hops.find(b.address);
      if (way == next_hops.end() || b.weight == 0) continue;
      const uint32_t mtu =
          config.mtu ? std::min(config.mtu, way->second.mtu) : uint32_t(way->second.mtu);
      targets_[name].push_back({b, way->second, mtu});
    }
}

bool Oracle::is_vip(const IpAddress& a) const {
  return std::any_of(config_.services.begin(), config_.services.end(), [&](const Service& s) {
    return std::any_of(s.vips.begin(), s.vips.end(),
                       [&](const IpPrefix& vip) { return vip.contains(a); });
  });
}

// Frames to a group are nobody's own (RFC 1122, 3.3.6).
bool Oracle::is_ours(const Link& link) const {
  MacAddress::Bytes to;
  std::copy(link.to.begin(), link.to.end(), to.begin());
  if (MacAddress(to).is_multicast()) return false;
  return macs_.empty() || std::find(macs_.begin(), macs_.end(), MacAddress(to)) != macs_.end();
}

bool Oracle::is_our_source(const IpAddress& a) const {
  for (const auto& [pool, targets] : targets_)
    for (const Target& t : targets)
      if (t.backend.forward.tunnel != Tunnel::kL2 && t.source().contains(a)) return true;
  return false;
}

// Could a packet with this upper-layer header be in one of our tunnels?
bool Oracle::is_tunnel(uint8_t protocol, uint16_t port) const {
  if (protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6 || protocol == IPPROTO_GRE) return true;
  if (protocol != IPPROTO_UDP || port == 0) return false;
  for (const auto& [pool, targets] : targets_)
    for (const Target& t : targets)
      if (port == t.backend.forward.port || port == t.backend.forward.port_v6) return true;
  return false;
}

// A tunnel packet in a tunnel packet: somebody else's loop, on its second round. Balancers' own IP
// headers have no options; what later fragments carry says nothing.
bool Oracle::is_nested(const Datagram& d, const Bytes& ip) const {
  if (!is_tunnel(d.protocol, d.dport) || d.part == Part::kLater) return false;
  const Bytes inner = carried_by(d.protocol, slice(ip, d.headers, ip.size()));
  if (inner.empty()) return false;
  const bool v4 = inner[0] == 0x45;
  const size_t header = v4 ? 20 : 40;
  if ((!v4 && inner[0] >> 4 != 6) || inner.size() < header) return false;
  return is_tunnel(inner[v4 ? 9 : 6],
                   inner.size() < header + 4 ? uint16_t(0) : get16(inner, header + 2));
}

bool Oracle::is_loop(const Datagram& d, const Bytes& ip) const {
  return (is_tunnel(d.protocol, d.dport) && is_our_source(d.source)) || is_nested(d, ip);
}

Expectation Oracle::expect(const Bytes& frame) {
  const Link link = read_link(frame);
  const Bytes ip = slice(frame, link.size(), frame.size());
  const std::optional<Datagram> d = read_datagram(link.type, ip);
  if (!d) return passed(SLUICE_PASS_NOT_IP);
  if (d->destination_is_mapped || !is_vip(d->destination)) return passed(SLUICE_PASS_NOT_VIP);
  if (!is_ours(link)) return passed(SLUICE_PASS_OTHER_MAC);
  Reasons faults = d->faults;
  if (is_vip(d->source)) faults.insert(SLUICE_DROP_MARTIAN);  // VIPs are nobody's clients
  if (!faults.empty()) {
    Expectation e = dropped(faults);
    e.pass = d->doubtful && faults == Reasons{SLUICE_DROP_L4_HEADER};
    return e;
  }
  return or_dropped(expect_datagram(*d, ip), d->doubtful);
}

Expectation Oracle::expect_datagram(const Datagram& d, const Bytes& ip) {
  if (is_loop(d, ip)) return dropped({SLUICE_DROP_LOOP});
  if (d.part == Part::kLater) return expect_fragment(d);
  if (d.protocol == icmp_of(d.family) && d.part == Part::kWhole)
    return expect_icmp(d, slice(ip, d.headers, d.length - d.headers));
  return expect_flow(d, {d.source, d.destination, d.protocol, d.sport, d.dport}, true);
}

// An echo request with options is the host's. One that was damaged on the way may be, or it is
// answered with what is wrong with it.
Expectation Oracle::expect_icmp(const Datagram& d, const Bytes& message) {
  const uint8_t type = message[0];
  if (type == (d.family == 4 ? 8 : 128)) {
    if (d.has_options()) return passed(SLUICE_PASS_ICMP);
    const bool damaged = !d.checksum_is_right || message_sum(d, message) != 0;
    return {.pass = damaged, .drop = damaged, .echo = true};
  }
  const bool error = d.family == 4 ? type == 3 || type == 11 || type == 12 : type >= 1 && type <= 4;
  return error ? expect_error(d, slice(message, kIcmpHeader, message.size()))
               : passed(SLUICE_PASS_ICMP);
}

Expectation Oracle::expect_error(const Datagram& d, const Bytes& quote) {
  const Quote q = d.family == 4 ? read_quote4(quote) : read_quote6(quote);
  if (!q.usable || q.source != d.destination || quote.size() < q.headers + kQuotedL4)
    return dropped({SLUICE_DROP_ICMP_QUOTE});
  if (is_icmp(q.protocol)) return or_dropped(passed(SLUICE_PASS_ICMP), q.doubtful);
  Flow flow = {.client = q.destination, .vip = q.source, .protocol = q.protocol, .is_error = true};
  if (q.protocol == IPPROTO_TCP || q.protocol == IPPROTO_UDP) {
    flow.vip_port = get16(quote, q.headers);
    flow.client_port = get16(quote, q.headers + 2);
  }
  return or_dropped(expect_flow(d, flow, false), q.doubtful);
}

Expectation Oracle::expect_fragment(const Datagram& d) {
  const uint8_t protocol = d.family == 4 ? d.protocol : 0;
  const auto known = fragments_.find({d.source, d.destination, d.id, protocol});
  if (known == fragments_.end()) return dropped({SLUICE_DROP_FRAGMENT});
  return expect_flow(d, known->second, false);
}

Expectation Oracle::expect_flow(const Datagram& d, const Flow& flow, bool remember) {
  PortRange ports;
  const Service* service = service_of(flow, ports);
  if (!service) return passed(SLUICE_PASS_NO_SERVICE);
  if (remember && d.part == Part::kFirst) {
    const uint8_t protocol = d.family == 4 ? d.protocol : 0;
    const auto [known, is_new] =
        fragments_.emplace(FragmentKey{d.source, d.destination, d.id, protocol}, flow);
    if (!is_new && known->second != flow) return dropped({SLUICE_DROP_FRAGMENT_CONFLICT});
  }
  const auto targets = targets_.find(service->pool);
  if (targets == targets_.end()) return expect_nobody(d, flow.is_error, service->empty);
  Expectation e = {.flow = name_of(flow, *service, ports)};
  choose(d, flow, targets->second, e);
  return e;
}

// Exact port, then a range, then any port of the protocol, then anything; of overlapping VIPs the
// longest prefix.
const Service* Oracle::service_of(const Flow& flow, PortRange& ports) const {
  const Service* best = nullptr;
  std::tuple<int, bool, int> rank;  // the smaller, the nearer
  int longest = -1;
  for (const Service& s : config_.services)
    for (const IpPrefix& vip : s.vips)
      if (vip.contains(flow.vip)) longest = std::max(longest, int(vip.length));
  for (const Service& s : config_.services)
    for (const IpPrefix& vip : s.vips)
      for (const PortRange& p : s.ports) {
        if (!vip.contains(flow.vip) || vip.length != longest) continue;
        if (p.protocol && p.protocol != flow.protocol) continue;
        if (p.protocol && (flow.vip_port < p.first || flow.vip_port > p.last)) continue;
        const std::tuple<int, bool, int> r = {p.protocol == 0, p.is_any(), p.last - p.first};
        if (best && r >= rank) continue;
        best = &s;
        rank = r;
        ports = p;
      }
  return best;
}

std::string Oracle::name_of(const Flow& flow, const Service& service,
                            const PortRange& ports) const {
  std::string name = service.name + " " + flow.client.to_string();
  if (service.hash == HashFields::kSource) return name;
  name += " " + flow.vip.to_string();
  if (service.hash == HashFields::kSourceAndVip || ports.protocol == 0) return name;
  return name + " " + std::to_string(flow.protocol) + " " + std::to_string(flow.client_port) + " " +
         std::to_string(flow.vip_port);
}

// Who may be told that a packet is too big: RFC 1122, 3.2.2 and RFC 4443, 2.4. A packet that is
// smaller than what would be quoted is not worth an answer; one that was damaged may be.
void Oracle::choose(const Datagram& d, const Flow& flow, const std::vector<Target>& targets,
                    Expectation& e) const {
  const bool may_tell = !flow.is_error && d.part != Part::kLater && d.length >= kQuote;
  for (const Target& t : targets) {
    if (d.length <= t.room()) {
      e.backends.push_back(t);
      continue;
    }
    if (may_tell) e.told.insert(t.room());
    if (may_tell && d.checksum_is_right) continue;
    e.drop = true;
    e.drop_reasons.insert(SLUICE_DROP_TOO_BIG);
  }
}

}  // namespace sluice::test
