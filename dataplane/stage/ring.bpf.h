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
	return position_at(pkt->generation, pkt->service->first_position + position);
}

// `plain`: see flow_again(). Finds the flow's member. False if there is none, and if a table is not
// as it should be.
static __always_inline _Bool find_flow_member(struct packet *pkt, const void *plain)
{
	const __u32 *chosen = choose_slot(pkt, plain);
	__u32 slot, number;

	if (unlikely(!chosen))
		return 0;
	slot = *chosen;
	number = member_at(pkt, sluice_slot_current(slot));
	if (may_be_tracked(pkt, slot))
		number = tracked_member(pkt, plain, slot, number,
					member_at(pkt, sluice_slot_previous(slot)));
	return find_member(pkt, number);
}

static __always_inline enum verdict choose_member(struct packet *pkt)
{
	if (pkt->service->ring == SLUICE_NO_RING)
		return no_member(pkt);
	if (find_flow_member(pkt, NULL))
		return V_NEXT;
	return pkt->member_index == SLUICE_NONE ? no_member(pkt) : drop(pkt, SLUICE_DROP_TABLE);
}
