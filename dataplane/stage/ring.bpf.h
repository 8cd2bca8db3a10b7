// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 5: which member does the service's ring give this flow to?
#pragma once

#include "packet.bpf.h"

static __always_inline enum verdict no_member(struct packet *pkt)
{
	if (pkt->service->empty == SLUICE_EMPTY_PASS)
		return pass(pkt, SLUICE_PASS_EMPTY);
	if (pkt->service->empty == SLUICE_EMPTY_RESET)
		return reply_reset(pkt);
	return drop(pkt, SLUICE_DROP_NO_MEMBER);
}

static __always_inline enum verdict choose_member(struct packet *pkt)
{
	const __u32 *slot, *index;

	if (pkt->service->ring == SLUICE_NO_RING)
		return no_member(pkt);
	slot = choose_slot(pkt);
	if (!slot)
		return drop(pkt, SLUICE_DROP_TABLE);
	index =
	    position_at(pkt->generation, pkt->service->first_position + sluice_slot_current(*slot));
	if (!index)
		return drop(pkt, SLUICE_DROP_TABLE);
	return find_member(pkt, *index) ? V_NEXT : drop(pkt, SLUICE_DROP_TABLE);
}
