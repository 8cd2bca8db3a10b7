// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 9: does the packet, with the member's headers in front, fit the way out?
#pragma once

#include "packet.bpf.h"

// Takes away what the link carried behind the client's packet, where the frame would be too large
// with it. Not later: an skb that is a tunnel's cannot be cut any more. 0, or an error.
static __always_inline int cut_trailer(const struct packet *pkt)
{
	if (pkt->l3_bytes == pkt->l3_len)
		return 0;
	return hook_cut_tail(pkt->ctx, pkt->l3_bytes - pkt->l3_len);
}

static __always_inline enum verdict check_fit(struct packet *pkt)
{
	const __u32 max = pkt->member->max_inner;

	if (likely(pkt->l3_bytes <= max)) // whatever is in it is no larger
		return V_NEXT;
	if (hook_largest_segment(pkt) > max)
		return reply_too_big(pkt, max);
	return cut_trailer(pkt) ? drop(pkt, SLUICE_DROP_TOO_BIG) : V_NEXT;
}
