// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 8: which member does the service's ring give this flow to?
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

// The number of the member at a position of the service, or SLUICE_NONE.
static __always_inline __u32 member_at(const struct packet *pkt, __u32 position)
{
	const __u32 *number = position_at(pkt->generation, pkt->service->first_position + position);

	return number ? *number : SLUICE_NONE;
}

static __always_inline enum verdict choose_member(struct packet *pkt)
{
	const __u32 *chosen;
	__u32 slot, number;

	if (pkt->service->ring == SLUICE_NO_RING)
		return no_member(pkt);
	chosen = choose_slot(pkt);
	if (!chosen)
		return drop(pkt, SLUICE_DROP_TABLE);
	slot = *chosen;
	number = member_at(pkt, sluice_slot_current(slot));
	if (may_be_tracked(pkt, slot))
		number =
		    tracked_member(pkt, slot, number, member_at(pkt, sluice_slot_previous(slot)));
	if (find_member(pkt, number))
		return V_NEXT;
	return number == SLUICE_NONE ? no_member(pkt) : drop(pkt, SLUICE_DROP_TABLE);
}
