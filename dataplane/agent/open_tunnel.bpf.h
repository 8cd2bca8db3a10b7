// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 3: where is the inner packet, and of which family is it said to be?
#pragma once

#include "agent/packet.bpf.h"
#include "net/ip.h"

// IPIP has no header of its own: the outer protocol number says it all.
static __always_inline enum verdict open_tunnel(struct tunnel_packet *pkt)
{
	pkt->carried = pkt->outer.len - pkt->outer_len;
	pkt->inner.family = pkt->proto == IPPROTO_IPIP ? 4 : 6;
	return V_NEXT;
}
