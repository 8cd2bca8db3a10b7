// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 2: is the destination a VIP of ours?
#pragma once

#include "abi/perfect_hash.h"
#include "config.bpf.h"
#include "maps.bpf.h"
#include "net/addr.h"
#include "packet.bpf.h"

static __always_inline enum verdict find_vip(struct packet *pkt)
{
	const struct sluice_shape s = shape();
	const __u32 zero = 0;
	const void *table = bpf_map_lookup_elem(&generation, &zero);
	const struct sluice_generation *g;
	const struct sluice_vip *vip;
	const __u32 *displacement;
	__u64 hash;

	if (!table)
		return pass(pkt, SLUICE_PASS_NOT_VIP); // nothing has been published yet
	g = bpf_map_lookup_elem((void *)table, &zero);
	if (!g)
		return pass(pkt, SLUICE_PASS_NOT_VIP);
	pkt->generation = g;

	hash = sluice_vip_hash(&pkt->flow.dst, g->vip_seed);
	displacement = (const void *)g + sluice_vip_displacements_at();
	vip = (const void *)g + sluice_vips_at(s);
	vip += sluice_place_of(hash, displacement[sluice_bucket_of(hash, s.vips)], s.vips);
	if (!vip->number || !addr_equal(&vip->addr, &pkt->flow.dst))
		return pass(pkt, SLUICE_PASS_NOT_VIP);
	pkt->vip = vip->number;
	return V_NEXT;
}
