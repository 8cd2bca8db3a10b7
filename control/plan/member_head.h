// SPDX-License-Identifier: Apache-2.0
// The ready-made outer headers of a member, down to the byte.
#pragma once

#include "abi/sluice_abi.h"
#include "model/config.h"
#include "model/next_hop.h"
#include "plan/desired.h"

namespace sluice {

// IPIP (RFC 2003, RFC 2473, RFC 4213): Ethernet and the outer IP header, TTL 64, don't-fragment
// (the outer packet is an atomic datagram, so its ID is 0: RFC 6864), outer source from
// `backend.forward` or else the kernel's choice. Lengths, TOS and flow label are left zero.
sluice_member member_head(const Backend& backend, const NextHop& way, InnerFamily inner);

// The head's first 8 bytes: the next hop's MAC and the first two bytes of our own. The only part of
// a member in use that may be replaced.
uint64_t head_mac_word(const sluice_member& member);

// Equal but for the next hop's MAC?
bool same_but_next_hop_mac(const sluice_member& a, const sluice_member& b);

}  // namespace sluice
