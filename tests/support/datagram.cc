// SPDX-License-Identifier: Apache-2.0
#include "support/datagram.h"

#include <netinet/in.h>

#include <algorithm>

namespace sluice::test {

namespace {

constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51, kOptions = 60;
constexpr size_t kMostHeaders = 8;
constexpr size_t kMostBytes = 65535;  // of an IPv4 datagram, of an IPv6 payload

bool is_extension(uint8_t protocol) {
  return protocol == kHopByHop || protocol == kRouting || protocol == kFragment ||
         protocol == kAuthentication || protocol == kOptions;
}

size_t extension_length(uint8_t protocol, uint8_t length) {
  if (protocol == kFragment) return 8;
  if (protocol == kAuthentication) return (length + size_t(2)) * 4;
  return (length + size_t(1)) * 8;
}

// RFC 4302, 2.2 wants multiples of 8 in IPv6. A routing header that leads on is for its receiver
// (RFC 8200, 4.4); type 0 must not be followed (RFC 5095), but may be over.
bool is_doubtful(uint8_t protocol, const Bytes& header) {
  return (protocol == kAuthentication && header.size() % 8 != 0) ||
         (protocol == kRouting && (header[3] != 0 || header[2] == 0));
}

bool is_martian(int family, const uint8_t* a) {
  if (family == 4) return a[0] == 0 || a[0] == 127 || a[0] >= 224;
  if (a[0] == 0xff) return true;
  const bool ten_zeros = std::all_of(a, a + 10, [](uint8_t b) { return b == 0; });
  if (ten_zeros && a[10] == 0xff && a[11] == 0xff) return true;  // mapped
  return std::all_of(a, a + 15, [](uint8_t b) { return b == 0; }) && a[15] <= 1;
}

void judge_addresses(Datagram& d, const uint8_t* source, const uint8_t* destination, size_t size) {
  if (is_martian(d.family, source) || std::equal(source, source + size, destination))
    d.faults.insert(SLUICE_DROP_MARTIAN);
}

// RFC 791, 3.2 and RFC 8200, 4.5; RFC 3128 for the second unit of a TCP segment. `in_front` is what
// counts to the datagram's length besides the fragments.
void judge_fragment(Datagram& d, size_t offset, size_t length, bool more, size_t in_front) {
  const bool over_tcp = offset == 8 && d.protocol == IPPROTO_TCP;
  if (length == 0 || in_front + offset + length > kMostBytes || (more && length % 8) || over_tcp)
    d.faults.insert(SLUICE_DROP_FRAGMENT_BOUNDS);
  d.part = offset ? Part::kLater : Part::kFirst;
}

size_t least_header(const Datagram& d) {
  switch (d.protocol) {
    case IPPROTO_TCP:
      return 20;
    case IPPROTO_UDP:
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      return 8;
    default:
      return 0;
  }
}

// The upper-layer header, which all but later fragments must have whole (RFC 1858, RFC 7112).
void judge_l4(Datagram& d, const Bytes& ip) {
  const size_t have = d.length - d.headers;
  if (d.part == Part::kLater) return;
  if (have < least_header(d)) {
    // ICMP of the other family is nothing we know anything about.
    d.faults.insert(SLUICE_DROP_L4_HEADER);
    d.doubtful = d.doubtful || d.protocol == icmp_of(d.family == 4 ? 6 : 4);
  } else if (d.protocol == IPPROTO_TCP || d.protocol == IPPROTO_UDP) {
    d.sport = get16(ip, d.headers);
    d.dport = get16(ip, d.headers + 2);
    if (d.protocol == IPPROTO_TCP) {
      d.tcp_header = uint8_t((ip[d.headers + 12] >> 4) * 4);
      d.tcp_flags = ip[d.headers + 13];
    }
  }
}

Datagram read_v4(const Bytes& ip) {
  Datagram d = {.family = 4};
  d.source = IpAddress::from_v4(ip.data() + 12);
  d.destination = IpAddress::from_v4(ip.data() + 16);
  d.tos = ip[1];
  d.headers = size_t(ip[0] & 0xf) * 4;
  d.length = get16(ip, 2);
  d.protocol = ip[9];
  if (ip[8] == 0) d.faults.insert(SLUICE_DROP_TTL);
  judge_addresses(d, ip.data() + 12, ip.data() + 16, 4);
  if (ip[0] >> 4 != 4 || d.headers < 20) d.faults.insert(SLUICE_DROP_IP_HEADER);
  if (d.length < d.headers || d.length > ip.size()) d.faults.insert(SLUICE_DROP_IP_LENGTH);
  if (d.faults.contains(SLUICE_DROP_IP_HEADER) || d.faults.contains(SLUICE_DROP_IP_LENGTH))
    return d;

  d.checksum_is_right = internet_checksum(first(ip, d.headers)) == 0;
  d.id = get16(ip, 4);
  const uint16_t bits = get16(ip, 6);
  const size_t offset = size_t(bits & 0x1fff) * 8;
  if (bits & 0x3fff) judge_fragment(d, offset, d.length - d.headers, bits & 0x2000, d.headers);
  judge_l4(d, ip);
  return d;
}

Datagram read_v6(const Bytes& ip) {
  Datagram d = {.family = 6};
  d.source = IpAddress::from_v6(ip.data() + 8);
  d.destination = IpAddress::from_v6(ip.data() + 24);
  d.destination_is_mapped = d.destination.is_v4();
  d.tos = uint8_t(get16(ip, 0) >> 4);
  d.length = 40u + get16(ip, 4);
  d.headers = 40;
  if (ip[7] == 0) d.faults.insert(SLUICE_DROP_TTL);
  judge_addresses(d, ip.data() + 8, ip.data() + 24, 16);
  if (ip[0] >> 4 != 6) d.faults.insert(SLUICE_DROP_IP_HEADER);
  if (d.length > ip.size()) d.faults.insert(SLUICE_DROP_IP_LENGTH);
  if (d.faults.contains(SLUICE_DROP_IP_HEADER) || d.faults.contains(SLUICE_DROP_IP_LENGTH))
    return d;

  const Chain chain = walk_chain(ip, ip[6], 40, d.length);
  d.doubtful = chain.doubtful;
  if (chain.broken) {
    d.faults.insert(SLUICE_DROP_IPV6_CHAIN);
    return d;
  }
  d.protocol = chain.protocol;
  d.headers += chain.length;
  d.id = chain.id;
  if (chain.fragmented && (chain.offset || chain.more))  // else atomic, a whole one: RFC 6946
    judge_fragment(d, chain.offset, d.length - 40 - chain.behind_header, chain.more,
                   chain.behind_header - 8);
  if (d.part == Part::kFirst && d.length == d.headers)  // RFC 7112
    d.faults.insert(SLUICE_DROP_FRAGMENT_BOUNDS);
  judge_l4(d, ip);
  return d;
}

}  // namespace

Bytes slice(const Bytes& b, size_t at, size_t n) {
  return at >= b.size() ? Bytes() : first(from(b, at), std::min(n, b.size() - at));
}

Link read_link(const Bytes& frame) {
  Link l = {.to = slice(frame, 0, 6), .from = slice(frame, 6, 6), .tags = {}};
  for (size_t at = 12; at + 2 <= frame.size(); at += 4) {
    const uint16_t type = get16(frame, at);
    if ((type != 0x8100 && type != 0x88a8) || l.tags.size() == 8) {
      l.type = type;
      break;
    }
    l.tags = join(l.tags, slice(frame, at, 4));
  }
  return l;
}

Chain walk_chain(const Bytes& ip, uint8_t protocol, size_t at, size_t end) {
  const size_t start = at;
  Chain c = {.protocol = protocol};
  for (size_t n = 0; is_extension(c.protocol) && !c.offset; n++) {
    const Bytes room = slice(ip, at, end - at);
    c.broken = n == kMostHeaders || room.size() < 8 || (c.protocol == kHopByHop && n > 0) ||
               (c.protocol == kFragment && c.fragmented);
    if (c.broken) break;
    const size_t length = extension_length(c.protocol, room[1]);
    c.broken = length > room.size() || (c.protocol == kRouting && room[2] == 0 && room[3] != 0);
    if (c.broken) break;
    c.doubtful = c.doubtful || is_doubtful(c.protocol, first(room, length));
    at += length;
    if (c.protocol == kFragment) {
      c.fragmented = true;
      c.offset = get16(room, 2) & 0xfff8;
      c.more = get16(room, 2) & 1;
      c.id = get32(room, 4);
      c.behind_header = at - start;
    }
    c.protocol = room[0];
  }
  c.length = at - start;
  return c;
}

std::optional<Datagram> read_datagram(uint16_t type, const Bytes& ip) {
  if (type == 0x0800 && ip.size() >= 20) return read_v4(ip);
  if (type == 0x86dd && ip.size() >= 40) return read_v6(ip);
  return {};
}

uint8_t icmp_of(int family) {
  return uint8_t(family == 4 ? int(IPPROTO_ICMP) : int(IPPROTO_ICMPV6));
}

uint16_t message_sum(const Datagram& d, const Bytes& message) {
  Bytes pseudo;
  if (d.family == 6 || d.protocol != IPPROTO_ICMP) {
    for (const IpAddress& a : {d.source, d.destination})
      pseudo.insert(pseudo.end(), a.data(), a.data() + a.size());
    const size_t n = message.size();
    pseudo = join(pseudo, {uint8_t(n >> 24), uint8_t(n >> 16), uint8_t(n >> 8), uint8_t(n), 0, 0, 0,
                           d.protocol});
  }
  return internet_checksum(join(pseudo, message));
}

}  // namespace sluice::test
