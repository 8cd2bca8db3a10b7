// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 11: which way out?
#pragma once

#include "packet.bpf.h"

// Takes away what the link carried behind the client's packet, where the frame would be too large
// with it. 0, or an error.
static __always_inline int cut_trailer(const struct packet *pkt)
{
	if (pkt->l3_bytes <= pkt->member->max_inner || pkt->l3_bytes == pkt->l3_len)
		return 0;
	return hook_cut_tail(pkt->ctx, pkt->l3_bytes - pkt->l3_len);
}

static __always_inline enum verdict transmit(struct packet *pkt)
{
	if (cut_trailer(pkt))
		return drop(pkt, SLUICE_DROP_TOO_BIG);
	return pkt->member->ifindex == hook_ingress(pkt->ctx) ? V_TX : V_REDIRECT;
}
