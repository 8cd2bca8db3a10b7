// SPDX-License-Identifier: Apache-2.0
// The ready-made outer headers of a member, down to the byte.
#pragma once

#include "abi/sluice_abi.h"
#include "model/config.h"
#include "model/next_hop.h"
#include "plan/desired.h"

namespace sluice {

// What a head depends on besides the backend.
struct HeadContext {
  const NextHop& way;
  uint32_t mtu = 1500;  // of packets towards the backend, outer headers included
  bool keep_vlan = true;
};

// The outer source of packets to `backend`: what its forward says, else the kernel's choice.
IpPrefix outer_source(const Backend& backend, const NextHop& way);

// The bits of its last word, in network order, that are free to carry a flow's entropy.
uint32_t entropy_bits(const IpPrefix& source);

// Ethernet, and in front of the client's packet: nothing (L2), IP (RFC 2003, RFC 2473, RFC 4213),
// GRE (RFC 2784), or UDP with nothing (FOU), GUE (draft-ietf-intarea-gue-09) or Geneve (RFC 8926)
// behind it. The outer header has TTL 64 and says don't-fragment (it is an atomic datagram, so its
// ID is 0: RFC 6864). Lengths, TOS, flow label, UDP source port and checksums are left zero.
sluice_member member_head(const Backend& backend, const HeadContext& context, InnerFamily inner);

// The head's first 8 bytes: the next hop's MAC and the first two bytes of our own. The only part of
// a member in use that may be replaced.
uint64_t head_mac_word(const sluice_member& member);

// Equal but for the next hop's MAC, and for what members are to flows (incarnation, successor,
// life)?
bool same_head_but_mac(const sluice_member& a, const sluice_member& b);

}  // namespace sluice
