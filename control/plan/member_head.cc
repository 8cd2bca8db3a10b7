// SPDX-License-Identifier: Apache-2.0
#include "plan/member_head.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace sluice {

namespace {

constexpr uint8_t kTtl = 64;

uint8_t* head_bytes(sluice_member& m) {
  return reinterpret_cast<uint8_t*>(m.head);
}

template <class Header>
void append(sluice_member& m, const Header& header) {
  static_assert(std::is_trivially_copyable_v<Header>);
  std::memcpy(head_bytes(m) + m.head_len, &header, sizeof(header));
  m.head_len = uint16_t(m.head_len + sizeof(header));
}

// One's complement sum of the header's 16-bit words as they lie in memory (RFC 1071).
uint16_t partial_sum(const iphdr& ip) {
  uint16_t words[sizeof(ip) / 2];
  std::memcpy(words, &ip, sizeof(ip));
  uint32_t sum = 0;
  for (uint16_t w : words) sum += w;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(sum);
}

void append_ethernet(sluice_member& m, const NextHop& way, uint16_t type) {
  ether_header eth = {};
  std::memcpy(eth.ether_dhost, way.destination.bytes().data(), ETH_ALEN);
  std::memcpy(eth.ether_shost, way.source.bytes().data(), ETH_ALEN);
  eth.ether_type = htons(type);
  append(m, eth);
}

void append_ipv4(sluice_member& m, const IpAddress& source, const IpAddress& to, uint8_t protocol) {
  iphdr ip = {};
  ip.version = 4;
  ip.ihl = sizeof(ip) / 4;
  ip.frag_off = htons(IP_DF);
  ip.ttl = kTtl;
  ip.protocol = protocol;
  std::memcpy(&ip.saddr, source.data(), sizeof(ip.saddr));
  std::memcpy(&ip.daddr, to.data(), sizeof(ip.daddr));
  append(m, ip);
  m.outer = 4;
  m.csum = partial_sum(ip);
}

void append_ipv6(sluice_member& m, const IpAddress& source, const IpAddress& to, uint8_t protocol) {
  ip6_hdr ip = {};
  ip.ip6_vfc = 6 << 4;
  ip.ip6_nxt = protocol;
  ip.ip6_hlim = kTtl;
  std::memcpy(&ip.ip6_src, source.data(), sizeof(ip.ip6_src));
  std::memcpy(&ip.ip6_dst, to.data(), sizeof(ip.ip6_dst));
  append(m, ip);
  m.outer = 6;
}

void append_ip(sluice_member& m, const Backend& backend, const NextHop& way, uint8_t protocol) {
  const IpPrefix source = outer_source(backend, way);
  m.entropy = entropy_bits(source);
  if (backend.address.is_v4()) {
    append_ipv4(m, source.address, backend.address, protocol);
  } else {
    append_ipv6(m, source.address, backend.address, protocol);
  }
}

uint8_t inner_protocol(InnerFamily inner) {
  return inner == InnerFamily::kV4 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

uint16_t inner_ethertype(InnerFamily inner) {
  return htons(inner == InnerFamily::kV4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
}

uint8_t ip_protocol(Tunnel tunnel, InnerFamily inner) {
  switch (tunnel) {
    case Tunnel::kL2:
    case Tunnel::kIpip:
      return inner_protocol(inner);
    case Tunnel::kGre:
      return IPPROTO_GRE;
    case Tunnel::kFou:
    case Tunnel::kGue:
    case Tunnel::kGeneve:
      return IPPROTO_UDP;
  }
  std::abort();
}

void append_udp(sluice_member& m, uint16_t port) {
  udphdr udp = {};
  udp.dest = htons(port);
  append(m, udp);
  m.flags |= SLUICE_MEMBER_UDP;
}

struct GreHeader {
  uint16_t flags_and_version = 0;
  uint16_t protocol;
};
struct GueHeader {
  uint8_t version_and_length = 0;
  uint8_t protocol;
  uint16_t flags = 0;
};
struct GeneveHeader {
  uint8_t version_and_length = 0, flags = 0;
  uint16_t protocol;
  uint32_t vni;  // in its upper 24 bits
};

// What stands between the outer IP header and the client's packet.
void append_tunnel(sluice_member& m, const Forward& f, InnerFamily inner) {
  const uint16_t port = inner == InnerFamily::kV4 || !f.port_v6 ? f.port : f.port_v6;
  switch (f.tunnel) {
    case Tunnel::kL2:
    case Tunnel::kIpip:
      return;
    case Tunnel::kGre:
      append(m, GreHeader{.protocol = inner_ethertype(inner)});
      return;
    case Tunnel::kFou:
      append_udp(m, port);
      return;
    case Tunnel::kGue:
      append_udp(m, port);
      if (f.gue_variant == 0) append(m, GueHeader{.protocol = inner_protocol(inner)});
      return;
    case Tunnel::kGeneve:
      append_udp(m, port);
      append(m, GeneveHeader{.protocol = inner_ethertype(inner), .vni = htonl(f.vni << 8)});
      return;
  }
}

// What bpf_skb_adjust_room() must know of the room it makes, so that the kernel can divide merged
// segments behind it. Their size stays what it was.
uint64_t skb_room_flags(const sluice_member& m, Tunnel tunnel) {
  if (!m.outer) return 0;
  uint64_t flags = BPF_F_ADJ_ROOM_FIXED_GSO;
  flags |= m.outer == 4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;
  if (m.flags & SLUICE_MEMBER_UDP) flags |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
  if (tunnel == Tunnel::kGre) flags |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
  return flags;
}

}  // namespace

uint32_t entropy_bits(const IpPrefix& source) {
  const unsigned free = unsigned(source.address.size() * 8) - source.length;
  return free ? htonl(uint32_t((uint64_t(1) << free) - 1)) : 0;
}

IpPrefix outer_source(const Backend& backend, const NextHop& way) {
  const Forward& f = backend.forward;
  const auto& chosen = backend.address.is_v4() ? f.source_v4 : f.source_v6;
  return chosen.value_or(IpPrefix::of(way.preferred_source));
}

sluice_member member_head(const Backend& backend, const HeadContext& context, InnerFamily inner) {
  const Forward& forward = backend.forward;
  const bool tunnel = forward.tunnel != Tunnel::kL2;
  const bool outer_v4 = tunnel ? backend.address.is_v4() : inner == InnerFamily::kV4;

  sluice_member m = {};
  m.ifindex = context.way.ifindex;
  append_ethernet(m, context.way, outer_v4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
  if (tunnel) {
    append_ip(m, backend, context.way, ip_protocol(forward.tunnel, inner));
    append_tunnel(m, forward, inner);
  }
  if (m.flags & SLUICE_MEMBER_UDP && m.outer == 6 && forward.checksum_v6)
    m.flags |= SLUICE_MEMBER_UDP_CSUM;
  if (context.keep_vlan) m.flags |= SLUICE_MEMBER_KEEP_VLAN;
  m.skb_room_flags = skb_room_flags(m, forward.tunnel);
  m.max_inner = uint16_t(std::min<uint32_t>(context.mtu, 0xffff) - (m.head_len - ETHER_HDR_LEN));
  m.last_at = uint8_t(m.head_len - sizeof(m.last_word));
  std::memcpy(&m.last_word, head_bytes(m) + m.last_at, sizeof(m.last_word));
  return m;
}

uint64_t head_mac_word(const sluice_member& member) {
  return member.head[0];
}

bool same_head_but_mac(const sluice_member& a, const sluice_member& b) {
  sluice_member c = a;
  std::memcpy(c.head, b.head, ETH_ALEN);
  c.incarnation = b.incarnation;
  c.successor = b.successor;
  c.life = b.life;
  return std::memcmp(&c, &b, sizeof(c)) == 0;
}

}  // namespace sluice
