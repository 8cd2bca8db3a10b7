// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 9: does the packet, with the member's headers in front, fit the way out?
#pragma once

#include "packet.bpf.h"
#include "stage/reply.bpf.h"

static __always_inline enum verdict check_fit(struct packet *pkt)
{
	const __u32 max = pkt->member->max_inner;

	if (hook_largest_segment(pkt) <= max)
		return V_NEXT;
	return reply_too_big(pkt, max);
}
