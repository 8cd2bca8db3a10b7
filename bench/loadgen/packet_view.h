// SPDX-License-Identifier: Apache-2.0
// What a frame that came back is: the backend it is on its way to, and the client's packet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/ip_address.h"

namespace sluice::loadgen {

using BytesView = std::span<const uint8_t>;

// Where an IP packet is going and what it carries, as its header says.
struct IpView {
  BytesView packet;   // as long as the header says
  BytesView payload;  // behind the header, and a fragment header
  uint8_t protocol = 0;
  bool v6 = false;
  bool later_fragment = false;
  IpAddress source, destination;
};

// Nothing: it is none, it is cut off, or the checksum of an IPv4 header is wrong.
std::optional<IpView> read_ip(BytesView bytes, uint16_t ethertype);

// Whoever a packet was sent to: by the outer header's address, or by the MAC address where there is
// no outer header (forward: l2).
struct BackendKey {
  std::array<uint8_t, 16> bytes = {};
  bool is_mac = false;

  static BackendKey of(const IpAddress& address) { return {address.bytes(), false}; }
  static BackendKey of_mac(const uint8_t* mac);
  std::string to_string() const;
  bool operator==(const BackendKey&) const = default;
};

struct PacketView {
  BackendKey backend;
  IpView inner;
};

// Ethernet with at most two tags: where the packet begins, and its EtherType.
struct EthernetView {
  BytesView packet;
  uint16_t type = 0;  // host byte order
};
std::optional<EthernetView> read_ethernet(BytesView frame);

// What is inside an outer packet, and its EtherType.
std::optional<EthernetView> take_tunnel_off(const IpView& outer);

bool is_echo_reply(const IpView& ip);

// Takes an outer header off: IP in IP, GRE, FOU, GUE of both variants, Geneve; told apart by what
// they are, as no port is known here. `is_vip` says whether a packet to that address is the
// client's own. A VIP's answer to an echo request is as good as an arrival, at the VIP itself.
// Nothing: it is none of all that, or its outer header is wrong in its lengths or checksums.
template <class IsVip>
std::optional<PacketView> open_frame(BytesView frame, const IsVip& is_vip) {
  const std::optional<EthernetView> ethernet = read_ethernet(frame);
  if (!ethernet) return {};
  const std::optional<IpView> ip = read_ip(ethernet->packet, ethernet->type);
  if (!ip) return {};
  if (is_vip(ip->destination)) return PacketView{BackendKey::of_mac(frame.data()), *ip};
  if (is_echo_reply(*ip) && is_vip(ip->source)) return PacketView{BackendKey::of(ip->source), *ip};
  const std::optional<EthernetView> inside = take_tunnel_off(*ip);
  if (!inside) return {};
  const std::optional<IpView> inner = read_ip(inside->packet, inside->type);
  if (!inner || !is_vip(inner->destination)) return {};
  return PacketView{BackendKey::of(ip->destination), *inner};
}

// True if the checksum of a TCP segment, UDP datagram or ICMP message is right; of a later
// fragment, if its payload's sum is nothing. A UDP datagram without one is right.
bool is_intact(const IpView& ip);

}  // namespace sluice::loadgen
