// SPDX-License-Identifier: Apache-2.0
#include "netns/numbered_frame.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "netns/bpf/numbered.h"
#include "netns/checksum.h"

namespace sluice::netns {
namespace {

constexpr uint16_t kFirstPort = 1024, kPorts = 60000, kHosts = 250;
constexpr char kSource4[] = "198.51.100.0", kSource6[] = "2001:db8:c::";  // the client's networks
constexpr size_t kIpAt = sizeof(ether_header);
constexpr size_t kDatagram = sizeof(udphdr) + sizeof(numbered_tail);

}  // namespace

void NumberedFrame::put(size_t at, const void* data, size_t size) {
  memcpy(&bytes_.at(at), data, size);
}

// Returns where the next header begins.
size_t NumberedFrame::put_ip4(const IpAddress& vip) {
  iphdr ip = {};
  ip.version = 4;
  ip.ihl = sizeof(ip) / 4;
  ip.tot_len = htons(sizeof(ip) + kDatagram);
  ip.frag_off = htons(IP_DF);
  ip.ttl = 64;
  ip.protocol = IPPROTO_UDP;
  inet_pton(AF_INET, kSource4, &ip.saddr);
  memcpy(&ip.daddr, vip.data(), sizeof(ip.daddr));
  put(kIpAt, &ip, sizeof(ip));
  source_at_ = kIpAt + offsetof(iphdr, saddr);
  return kIpAt + sizeof(ip);
}

size_t NumberedFrame::put_ip6(const IpAddress& vip) {
  ip6_hdr ip = {};
  ip.ip6_flow = htonl(6u << 28);
  ip.ip6_plen = htons(kDatagram);
  ip.ip6_nxt = IPPROTO_UDP;
  ip.ip6_hlim = 64;
  inet_pton(AF_INET6, kSource6, &ip.ip6_src);
  memcpy(&ip.ip6_dst, vip.data(), sizeof(ip.ip6_dst));
  put(kIpAt, &ip, sizeof(ip));
  source_at_ = kIpAt + offsetof(ip6_hdr, ip6_src);
  return kIpAt + sizeof(ip);
}

NumberedFrame::NumberedFrame(const Route& route) : address_size_(route.vip.size()) {
  ether_header ethernet = {};
  std::copy(route.from.bytes().begin(), route.from.bytes().end(), ethernet.ether_shost);
  std::copy(route.to.bytes().begin(), route.to.bytes().end(), ethernet.ether_dhost);
  ethernet.ether_type = htons(route.vip.is_v4() ? ETHERTYPE_IP : ETHERTYPE_IPV6);
  put(0, &ethernet, sizeof(ethernet));
  udp_at_ = route.vip.is_v4() ? put_ip4(route.vip) : put_ip6(route.vip);
  udphdr udp = {};
  udp.uh_dport = htons(route.port);
  udp.uh_ulen = htons(kDatagram);
  put(udp_at_, &udp, sizeof(udp));
  const numbered_tail tail = {.number = 0, .stream = route.stream, .magic = NUMBERED_MAGIC};
  put(udp_at_ + sizeof(udp), &tail, sizeof(tail));
  size_ = udp_at_ + kDatagram;
}

void NumberedFrame::set(uint64_t number, uint64_t flow) {
  constexpr uint16_t kNone = 0;
  const uint16_t port = htons(uint16_t(kFirstPort + flow % kPorts));
  bytes_[source_at_ + address_size_ - 1] = uint8_t(1 + flow / kPorts % kHosts);
  put(udp_at_ + offsetof(udphdr, uh_sport), &port, sizeof(port));
  put(udp_at_ + sizeof(udphdr) + offsetof(numbered_tail, number), &number, sizeof(number));
  if (address_size_ == sizeof(in_addr)) {
    put(kIpAt + offsetof(iphdr, check), &kNone, sizeof(kNone));
    const uint16_t check = checksum_of(sum_of_words(&bytes_[kIpAt], sizeof(iphdr)));
    put(kIpAt + offsetof(iphdr, check), &check, sizeof(check));
  }
  // The two addresses stand side by side, and in front of UDP: one sum has all.
  put(udp_at_ + offsetof(udphdr, uh_sum), &kNone, sizeof(kNone));
  const uint16_t check = checksum_of(sum_of_words(&bytes_[source_at_], size_ - source_at_) +
                                     htons(kDatagram) + htons(IPPROTO_UDP));
  put(udp_at_ + offsetof(udphdr, uh_sum), &check, sizeof(check));
}

}  // namespace sluice::netns
