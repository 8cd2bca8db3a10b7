// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 5: which member does the service's ring give this flow to?
#pragma once

#include "abi/flow_hash.h"
#include "config.bpf.h"
#include "maps.bpf.h"
#include "packet.bpf.h"

static __always_inline enum verdict no_member(struct packet *pkt)
{
	if (pkt->service->empty == SLUICE_EMPTY_PASS)
		return pass(pkt, SLUICE_PASS_EMPTY);
	return drop(pkt, SLUICE_DROP_NO_MEMBER);
}

static __always_inline enum verdict find_member(struct packet *pkt, __u32 position)
{
	const struct sluice_shape s = shape();
	const __u32 *positions = (const void *)pkt->generation + sluice_positions_at(s);
	const __u32 at = pkt->service->first_position + position;

	if (at >= s.positions)
		return drop(pkt, SLUICE_DROP_TABLE);
	pkt->member_index = positions[at];
	pkt->member = bpf_map_lookup_elem(&members, &pkt->member_index);
	return pkt->member ? V_NEXT : drop(pkt, SLUICE_DROP_TABLE);
}

static __always_inline enum verdict choose_member(struct packet *pkt)
{
	const struct sluice_hash_key key = hash_key();
	const __u32 slots = cfg_shape.ring_slots;
	const __u32 number = pkt->service->ring, zero = 0;
	const __u32 *ring;
	void *table;

	if (number == SLUICE_NO_RING)
		return no_member(pkt);
	table = bpf_map_lookup_elem(&rings, &number);
	if (!table)
		return drop(pkt, SLUICE_DROP_TABLE);
	ring = bpf_map_lookup_elem(table, &zero);
	if (!ring)
		return drop(pkt, SLUICE_DROP_TABLE);
	pkt->hash = sluice_flow_hash(&pkt->flow, &key, pkt->service->hash);
	return find_member(pkt, sluice_slot_current(ring[sluice_slot_of(pkt->hash, slots)]));
}
