// SPDX-License-Identifier: Apache-2.0
#include "loadgen/frame_writer.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "netns/checksum.h"

namespace sluice::loadgen {

namespace {

using netns::sum_of_words;

constexpr uint8_t kTtl = 64;
constexpr size_t kIpAt = sizeof(ether_header);
constexpr size_t kIcmpHeader = 8;
constexpr size_t kQuotedTcp = 8;  // what RFC 792 promises: ports and sequence number
constexpr size_t kBalance = 2;    // of a later fragment: makes its sum zero
constexpr size_t kFragmentUnit = 8;
// QUIC (RFC 9000, 17.2.2 and 17.3.1) up to the number of the packet, with a connection ID of eight
// bytes.
constexpr size_t kQuicInitial = 18, kQuicShort = 10, kConnectionId = 8;
constexpr uint16_t kToldMtu = 1400, kQuotedLength = 1500;

constexpr size_t rounded_up(size_t n, size_t unit) {
  return (n + unit - 1) / unit * unit;
}

}  // namespace

void FrameWriter::append(const void* data, size_t size) {
  const uint8_t* const bytes = static_cast<const uint8_t*>(data);
  f_.bytes_.insert(f_.bytes_.end(), bytes, bytes + size);
}

uint8_t FrameWriter::protocol() const {
  switch (o_.shape) {
    case Shape::kSyn:
    case Shape::kEstablished:
    case Shape::kFin:
      return IPPROTO_TCP;
    case Shape::kIcmp:
    case Shape::kEcho:
      return uint8_t(v4() ? int(IPPROTO_ICMP) : int(IPPROTO_ICMPV6));
    default:
      return IPPROTO_UDP;
  }
}

// Bytes in front of the IP payload, fragment header and all.
size_t FrameWriter::headers() const {
  const size_t ip = v4() ? sizeof(iphdr) : sizeof(ip6_hdr);
  return kIpAt + ip + (is_fragment() && !v4() ? sizeof(ip6_frag) : 0);
}

// Bytes behind the IP header and its extensions.
size_t FrameWriter::payload_of(Shape shape) const {
  size_t least = 0;
  switch (shape) {
    case Shape::kSyn:
    case Shape::kEstablished:
    case Shape::kFin:
      least = sizeof(tcphdr);
      break;
    case Shape::kIcmp:
      least = kIcmpHeader + (v4() ? sizeof(iphdr) : sizeof(ip6_hdr)) + kQuotedTcp;
      break;
    case Shape::kUdp:
    case Shape::kFirstFragment:
      least = sizeof(udphdr);
      break;
    case Shape::kLaterFragment:
      least = kBalance;
      break;
    case Shape::kQuicInitial:
      least = sizeof(udphdr) + kQuicInitial;
      break;
    case Shape::kQuic:
      least = sizeof(udphdr) + kQuicShort;
      break;
    case Shape::kEcho:
      least = kIcmpHeader;
      break;
  }
  least += sizeof(Stamp);
  const size_t wanted = o_.size > headers() ? o_.size - headers() : 0;
  if (shape != Shape::kFirstFragment) return rounded_up(std::max(least, wanted), 2);
  // All but the last are multiples of this, and stay below the size.
  return std::max(rounded_up(least, kFragmentUnit), wanted / kFragmentUnit * kFragmentUnit);
}

void FrameWriter::ethernet() {
  ether_header h = {};
  std::copy(o_.from.bytes().begin(), o_.from.bytes().end(), h.ether_shost);
  std::copy(o_.to.bytes().begin(), o_.to.bytes().end(), h.ether_dhost);
  h.ether_type = htons(v4() ? ETHERTYPE_IP : ETHERTYPE_IPV6);
  append(&h, sizeof(h));
}

void FrameWriter::ip4(uint8_t protocol, size_t payload) {
  iphdr h = {};
  h.version = 4;
  h.ihl = sizeof(h) / 4;
  h.tot_len = htons(uint16_t(sizeof(h) + payload));
  h.frag_off = htons(IP_DF);
  if (o_.shape == Shape::kFirstFragment) h.frag_off = htons(IP_MF);
  if (o_.shape == Shape::kLaterFragment)
    h.frag_off = htons(uint16_t(payload_of(Shape::kFirstFragment) / kFragmentUnit));
  h.ttl = kTtl;
  h.protocol = protocol;
  std::memcpy(&h.saddr, o_.clients.data(), sizeof(h.saddr));
  std::memcpy(&h.daddr, o_.vip.address.data(), sizeof(h.daddr));
  h.saddr = 0;  // it varies as a whole
  f_.source_at_ = uint16_t(kIpAt + offsetof(iphdr, saddr));
  f_.ip_check_at_ = uint16_t(kIpAt + offsetof(iphdr, check));
  if (is_fragment()) f_.id_at_ = uint16_t(kIpAt + offsetof(iphdr, id));
  f_.ip_sum_ = sum_of_words(&h, sizeof(h));
  append(&h, sizeof(h));
}

void FrameWriter::ip6(uint8_t protocol, size_t payload) {
  ip6_hdr h = {};
  h.ip6_flow = htonl(6u << 28);
  h.ip6_plen = htons(uint16_t(payload + headers() - kIpAt - sizeof(h)));
  h.ip6_nxt = is_fragment() ? uint8_t(IPPROTO_FRAGMENT) : protocol;
  h.ip6_hlim = kTtl;
  std::memcpy(&h.ip6_src, o_.clients.data(), sizeof(h.ip6_src) - sizeof(uint32_t));
  std::memcpy(&h.ip6_dst, o_.vip.address.data(), sizeof(h.ip6_dst));
  f_.source_at_ = uint16_t(kIpAt + offsetof(ip6_hdr, ip6_src) + 12);
  append(&h, sizeof(h));
  if (!is_fragment()) return;
  ip6_frag fragment = {};
  fragment.ip6f_nxt = protocol;
  fragment.ip6f_offlg = o_.shape == Shape::kFirstFragment
                            ? IP6F_MORE_FRAG
                            : htons(uint16_t(payload_of(Shape::kFirstFragment)));
  f_.id_at_ = uint16_t(f_.bytes_.size() + offsetof(ip6_frag, ip6f_ident));
  f_.id_is_long_ = true;
  append(&fragment, sizeof(fragment));
}

void FrameWriter::ip(uint8_t protocol, size_t payload) {
  v4() ? ip4(protocol, payload) : ip6(protocol, payload);
}

void FrameWriter::tcp(uint8_t flags) {
  tcphdr h = {};
  h.dest = htons(o_.vip.port);
  h.seq = htonl(1);
  h.ack_seq = htonl(flags & TH_ACK ? 1 : 0);
  h.doff = sizeof(h) / 4;
  h.window = 0xffff;
  h.th_flags = flags;
  f_.port_at_ = uint16_t(f_.bytes_.size() + offsetof(tcphdr, source));
  f_.check_at_ = uint16_t(f_.bytes_.size() + offsetof(tcphdr, check));
  append(&h, sizeof(h));
}

void FrameWriter::udp(size_t length) {
  udphdr h = {};
  h.dest = htons(o_.vip.port);
  h.len = htons(uint16_t(length));
  f_.port_at_ = uint16_t(f_.bytes_.size() + offsetof(udphdr, source));
  f_.check_at_ = uint16_t(f_.bytes_.size() + offsetof(udphdr, check));
  append(&h, sizeof(h));
}

// A header as anybody on the way sees it; what follows is not encrypted, for nobody decrypts it.
// The connection ID begins with the flow's number.
void FrameWriter::quic(bool initial) {
  constexpr uint8_t kLong[] = {0xc0, 0, 0, 0, 1, kConnectionId}, kShort[] = {0x40, 0};
  initial ? append(kLong, sizeof(kLong)) : append(kShort, sizeof(kShort));
  f_.connection_at_ = uint16_t(f_.bytes_.size());
  constexpr uint8_t kId[kConnectionId] = {};
  append(kId, sizeof(kId));
  // No source connection ID, no token, a length of two bytes.
  constexpr uint8_t kRest[] = {0, 0, 0x40, 0};
  static_assert(sizeof(kLong) + kConnectionId + sizeof(kRest) == kQuicInitial &&
                sizeof(kShort) + kConnectionId == kQuicShort);
  if (initial) append(kRest, sizeof(kRest));
}

// The IP header of a segment from the VIP to the client, which was too big for somebody.
void FrameWriter::quote4() {
  iphdr h = {};
  h.version = 4;
  h.ihl = sizeof(h) / 4;
  h.tot_len = htons(kQuotedLength);
  h.frag_off = htons(IP_DF);
  h.ttl = kTtl;
  h.protocol = IPPROTO_TCP;
  std::memcpy(&h.saddr, o_.vip.address.data(), sizeof(h.saddr));
  f_.quoted_sum_ = sum_of_words(&h, sizeof(h));
  f_.quoted_client_at_ = uint16_t(f_.bytes_.size() + offsetof(iphdr, daddr));
  f_.quoted_check_at_ = uint16_t(f_.bytes_.size() + offsetof(iphdr, check));
  append(&h, sizeof(h));
}

void FrameWriter::quote6() {
  ip6_hdr h = {};
  h.ip6_flow = htonl(6u << 28);
  h.ip6_plen = htons(kQuotedLength - sizeof(h));
  h.ip6_nxt = IPPROTO_TCP;
  h.ip6_hlim = kTtl;
  std::memcpy(&h.ip6_src, o_.vip.address.data(), sizeof(h.ip6_src));
  std::memcpy(&h.ip6_dst, o_.clients.data(), sizeof(h.ip6_dst) - sizeof(uint32_t));
  f_.quoted_client_at_ = uint16_t(f_.bytes_.size() + offsetof(ip6_hdr, ip6_dst) + 12);
  append(&h, sizeof(h));
}

// Fragmentation needed (RFC 1191), packet too big (RFC 4443), about such a segment.
void FrameWriter::too_big() {
  uint8_t icmp[kIcmpHeader] = {ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED};
  if (!v4()) icmp[0] = ICMP6_PACKET_TOO_BIG, icmp[1] = 0;
  const uint16_t mtu = htons(kToldMtu);
  std::memcpy(icmp + 6, &mtu, sizeof(mtu));
  f_.check_at_ = uint16_t(f_.bytes_.size() + 2);
  append(icmp, sizeof(icmp));
  v4() ? quote4() : quote6();
  tcphdr h = {};
  h.source = htons(o_.vip.port);
  h.seq = htonl(1);
  f_.port_at_ = uint16_t(f_.bytes_.size() + offsetof(tcphdr, dest));
  append(&h, kQuotedTcp);
}

void FrameWriter::echo() {
  const uint8_t h[kIcmpHeader] = {uint8_t(v4() ? ICMP_ECHO : ICMP6_ECHO_REQUEST)};
  f_.check_at_ = uint16_t(f_.bytes_.size() + 2);
  f_.port_at_ = uint16_t(f_.bytes_.size() + 4);
  append(h, sizeof(h));
}

// Sums up what does not vary, as whoever checks it will: with the pseudo header, where there is one
// (RFC 9293, 3.1; RFC 8200, 8.1).
void FrameWriter::finish(size_t l4_at, size_t l4_length) {
  const bool later = o_.shape == Shape::kLaterFragment;
  const bool pseudo = !later && protocol() != IPPROTO_ICMP;
  const uint8_t* const bytes = f_.bytes_.data();
  f_.sum_ = sum_of_words(bytes + l4_at, f_.bytes_.size() - l4_at);
  // The quoted header's sum is nothing once its checksum is right.
  if (f_.quoted_check_at_ != Frame::kNowhere)
    f_.sum_ += uint16_t(netns::checksum_of(f_.quoted_sum_));
  if (f_.quoted_client_at_ != Frame::kNowhere && !v4()) f_.client_times_++;
  if (!pseudo) return;
  const size_t size = o_.vip.address.size();
  f_.sum_ += sum_of_words(o_.vip.address.data(), size) +
             sum_of_words(o_.clients.data(), size - sizeof(uint32_t)) + htons(uint16_t(l4_length)) +
             htons(protocol());
  f_.client_times_++;
}

void FrameWriter::write() {
  const size_t payload = payload_of(o_.shape);
  size_t length = payload;  // of the whole datagram
  if (o_.shape == Shape::kFirstFragment) length += payload_of(Shape::kLaterFragment);
  std::memcpy(&f_.client_base_, o_.clients.bytes().data() + 12, sizeof(f_.client_base_));
  f_.client_base_ = ntohl(f_.client_base_);
  ethernet();
  ip(protocol(), payload);
  const size_t l4_at = f_.bytes_.size();
  switch (o_.shape) {
    case Shape::kSyn:
      tcp(TH_SYN);
      break;
    case Shape::kEstablished:
      tcp(TH_ACK | TH_PUSH);
      break;
    case Shape::kFin:
      tcp(TH_ACK | TH_FIN);
      break;
    case Shape::kIcmp:
      too_big();
      break;
    case Shape::kUdp:
    case Shape::kFirstFragment:
      udp(length);
      break;
    case Shape::kLaterFragment:
      f_.check_at_ = uint16_t(l4_at);
      break;
    case Shape::kQuicInitial:
    case Shape::kQuic:
      udp(length);
      quic(o_.shape == Shape::kQuicInitial);
      break;
    case Shape::kEcho:
      echo();
      break;
  }
  f_.bytes_.resize(l4_at + payload);
  f_.stamp_at_ = uint16_t(f_.bytes_.size() - sizeof(Stamp));
  finish(l4_at, length);
}

}  // namespace sluice::loadgen
