// SPDX-License-Identifier: Apache-2.0
#include "daemon/smoke.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "kernel/test_run.h"
#include "plan/generation.h"

namespace sluice {

namespace {

constexpr size_t kMost = 256;    // frontends that are tried
constexpr uint16_t kFlows = 64;  // flows among which one in a CLEAN slot is looked for
constexpr uint16_t kFirstPort = 49152;
constexpr size_t kPayload = 26;

using Frame = std::vector<uint8_t>;

template <class Header>
void append(Frame& frame, const Header& header) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&header);
  frame.insert(frame.end(), bytes, bytes + sizeof(header));
}

uint16_t sum_of(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) sum += uint32_t(bytes[i] << 8 | bytes[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(sum);
}

// A packet of the test, and where it has to go.
struct Trial {
  const ImageService* service;
  Frontend frontend;
  sluice_flow flow;
  const LiveMember* member;

  std::string text() const {
    return fmt::format("a test packet for {} (service {}, port {})",
                       frontend.vip.address.to_string(), service->name, ntohs(flow.dport));
  }
};

// A client that is no VIP: of the networks for documentation (RFC 5737, RFC 3849), or for
// benchmarks (RFC 2544, RFC 5180).
std::optional<IpAddress> client_for(const Image& image, bool v4) {
  const auto is_vip = [&](const IpAddress& a) {
    for (const ImageService& s : image.services)
      for (const Frontend& f : s.frontends)
        if (f.vip.contains(a)) return true;
    return false;
  };
  for (const char* text : {"198.51.100.7", "203.0.113.7", "192.0.2.7", "198.18.0.7",
                           "2001:db8:ffff::7", "2001:db8:7::7", "2001:2::7"}) {
    const IpAddress a = *IpAddress::parse(text);
    if (a.is_v4() == v4 && !is_vip(a)) return a;
  }
  return std::nullopt;
}

uint8_t protocol_of(const PortRange& ports) {
  return ports.protocol == IPPROTO_UDP ? IPPROTO_UDP : IPPROTO_TCP;
}

// The most special service answers: the one of the narrowest prefix and ports.
bool is_answered_by(const Image& image, const ImageService& service, const Frontend& f,
                    uint16_t port) {
  for (const ImageService& s : image.services)
    for (const Frontend& other : s.frontends) {
      if (&s == &service && other == f) continue;
      const bool has_address = other.vip.contains(f.vip.address);
      const bool has_port =
          other.ports.protocol == 0 || (other.ports.protocol == protocol_of(f.ports) &&
                                        other.ports.first <= port && port <= other.ports.last);
      if (has_address && has_port) return false;  // perhaps not this one
    }
  return true;
}

uint32_t hash_of(const sluice_flow& flow, const ImageService& s, const Frontend& f,
                 const sluice_hash_key& key) {
  return sluice_flow_hash(&flow, &key, uint8_t(s.hash), f.vip.address.is_v4());
}

// The member of a flow in a CLEAN slot; null in any other.
const LiveMember* member_of(const Live& live, const ImageService& s, const Frontend& f,
                            const sluice_flow& flow, const sluice_hash_key& key) {
  const Slots& slots = s.slots_for(f);
  if (!slots.ring) return nullptr;
  const uint32_t word =
      (*slots.ring)[sluice_slot_of(hash_of(flow, s, f, key), uint32_t(slots.ring->size()))];
  const uint32_t position = sluice_slot_current(word);
  if (sluice_slot_state_of(word) != SLUICE_SLOT_CLEAN || position >= slots.backends.size())
    return nullptr;
  const auto m = live.members.find({s.name, slots.backends[position], f.family()});
  return m == live.members.end() ? nullptr : &m->second;
}

std::optional<Trial> make_trial(const Live& live, const ImageService& s, const Frontend& f,
                                const sluice_hash_key& key) {
  const auto client = client_for(live.image, f.vip.address.is_v4());
  const uint16_t port = f.ports.is_any() ? 7777 : std::max<uint16_t>(f.ports.first, 1);
  if (!client || s.tracking == Tracking::kAlways || !is_answered_by(live.image, s, f, port))
    return std::nullopt;
  sluice_flow flow = {};
  flow.src = to_abi(*client);
  flow.dst = to_abi(f.vip.address);
  flow.dport = htons(port);
  flow.proto = protocol_of(f.ports);
  for (uint16_t i = 0; i < kFlows; i++) {
    flow.sport = htons(uint16_t(kFirstPort + i));
    if (const LiveMember* m = member_of(live, s, f, flow, key)) return Trial{&s, f, flow, m};
  }
  return std::nullopt;
}

std::vector<Trial> make_trials(const Live& live, const sluice_hash_key& key) {
  size_t frontends = 0, at = 0;
  for (const ImageService& s : live.image.services) frontends += s.frontends.size();
  const size_t step = std::max<size_t>((frontends + kMost - 1) / kMost, 1);
  std::vector<Trial> out;
  for (const ImageService& s : live.image.services)
    for (const Frontend& f : s.frontends)
      if (at++ % step == 0)
        if (const auto trial = make_trial(live, s, f, key)) out.push_back(*trial);
  return out;
}

// ---- The packet.

void append_l4(Frame& frame, const sluice_flow& flow) {
  if (flow.proto == IPPROTO_UDP) {
    udphdr udp = {};
    udp.source = flow.sport;
    udp.dest = flow.dport;
    udp.len = htons(sizeof(udp) + kPayload);
    append(frame, udp);
  } else {
    tcphdr tcp = {};
    tcp.source = flow.sport;
    tcp.dest = flow.dport;
    tcp.doff = sizeof(tcp) / 4;
    tcp.ack = 1;
    append(frame, tcp);
  }
  for (size_t i = 0; i < kPayload; i++) frame.push_back(uint8_t(0x40 + i));
}

Frame frame_of(const Trial& t, const std::vector<MacAddress>& macs) {
  ethhdr eth = {};
  const MacAddress to = macs.empty() ? *MacAddress::parse("02:00:00:00:00:01") : macs.front();
  std::ranges::copy(to.bytes(), eth.h_dest);
  eth.h_source[0] = 2;
  const bool v4 = t.frontend.vip.address.is_v4();
  eth.h_proto = htons(v4 ? ETH_P_IP : ETH_P_IPV6);
  Frame l4;
  append_l4(l4, t.flow);
  Frame frame;
  append(frame, eth);
  if (v4) {
    iphdr ip = {};
    ip.version = 4;
    ip.ihl = 5;
    ip.ttl = 64;
    ip.protocol = t.flow.proto;
    ip.tot_len = htons(uint16_t(sizeof(ip) + l4.size()));
    ip.saddr = t.flow.src.word[3];
    ip.daddr = t.flow.dst.word[3];
    const auto* bytes = reinterpret_cast<const uint8_t*>(&ip);
    ip.check = htons(uint16_t(~sum_of({bytes, sizeof(ip)})));
    append(frame, ip);
  } else {
    ip6_hdr ip = {};
    ip.ip6_vfc = 6 << 4;
    ip.ip6_plen = htons(uint16_t(l4.size()));
    ip.ip6_nxt = t.flow.proto;
    ip.ip6_hlim = 64;
    std::memcpy(&ip.ip6_src, &t.flow.src, sizeof(ip.ip6_src));
    std::memcpy(&ip.ip6_dst, &t.flow.dst, sizeof(ip.ip6_dst));
    append(frame, ip);
  }
  frame.insert(frame.end(), l4.begin(), l4.end());
  return frame;
}

// ---- What has to come out.

// Does `out` begin with the member's head, but for what is filled in for each packet?
std::string head_objection(const Frame& out, const sluice_member& m) {
  const auto* head = reinterpret_cast<const uint8_t*>(m.head);
  const auto same = [&](size_t from, size_t to) {
    return std::equal(out.begin() + long(from), out.begin() + long(to), head + from);
  };
  if (!same(0, ETH_HLEN)) return "its Ethernet header is not the member's";
  const uint8_t* ip = out.data() + ETH_HLEN;
  if (m.outer == 4) {
    const size_t length = size_t(ip[2] << 8 | ip[3]);
    if (!same(ETH_HLEN + 9, ETH_HLEN + 10) || !same(ETH_HLEN + 16, ETH_HLEN + 20) || ip[0] != 0x45)
      return "its outer header is not the member's";
    if (length != out.size() - ETH_HLEN) return "its outer length is wrong";
    if (sum_of({ip, sizeof(iphdr)}) != 0xffff) return "its outer checksum is wrong";
  } else if (m.outer == 6) {
    const size_t length = size_t(ip[4] << 8 | ip[5]);
    if (!same(ETH_HLEN + 6, ETH_HLEN + 7) || !same(ETH_HLEN + 24, ETH_HLEN + 40) || ip[0] >> 4 != 6)
      return "its outer header is not the member's";
    if (length != out.size() - ETH_HLEN - sizeof(ip6_hdr)) return "its outer length is wrong";
  }
  return "";
}

std::string objection(const Frame& in, const TestOutcome& outcome, Hook hook,
                      const sluice_member& m) {
  const uint32_t action = outcome.action;
  const bool sent =
      hook == Hook::kXdp ? action == XDP_TX || action == XDP_REDIRECT : action == TC_ACT_REDIRECT;
  if (!sent) return fmt::format("was not sent to a backend (action {})", action);
  const Frame& out = outcome.frame;
  if (out.size() != in.size() - ETH_HLEN + m.head_len)
    return fmt::format("came out with {} bytes, and not {}", out.size(),
                       in.size() - ETH_HLEN + m.head_len);
  if (!std::equal(in.begin() + ETH_HLEN, in.end(), out.begin() + m.head_len))
    return "came out changed";
  const std::string head = head_objection(out, m);
  return head.empty() ? "" : "came out, but " + head;
}

}  // namespace

Result<void> smoke_test(const Programs& programs, const Live& live, const sluice_hash_key& key,
                        SmokeCounts& counts) {
  for (const Trial& t : make_trials(live, key)) {
    const Frame in = frame_of(t, live.image.macs);
    for (const Hook hook : {Hook::kXdp, Hook::kTc}) {
      if (programs.at(hook) < 0) continue;
      const Result<TestOutcome> outcome = test_run(programs.at(hook), hook, in);
      if (!outcome) return outcome.error();
      const std::string wrong = objection(in, *outcome, hook, t.member->value);
      if (!wrong.empty())
        return Error{fmt::format("the new {} program is not put in place: {} {}", to_string(hook),
                                 t.text(), wrong)};
      counts[t.member->index].packets++;
      counts[t.member->index].bytes += in.size() - ETH_HLEN;
    }
  }
  return {};
}

}  // namespace sluice
