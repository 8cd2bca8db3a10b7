// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 7: which service of the VIP is on this protocol and port? An exact port comes first, then a
// range of ports, any port of the protocol, any protocol.
#pragma once

#include "abi/perfect_hash.h"
#include "config.bpf.h"
#include "packet.bpf.h"

static __always_inline const struct sluice_service *find_key(const struct sluice_generation *g,
							     __u64 key)
{
	const struct sluice_shape s = shape();
	const __u64 hash = sluice_service_hash(key, g->service_seed);
	const __u32 *displacement = (const void *)g + sluice_service_displacements_at(s);
	const struct sluice_service *service = (const void *)g + sluice_services_at(s);

	service +=
	    sluice_place_of(hash, displacement[sluice_bucket_of(hash, s.services)], s.services);
	return service->key == key ? service : NULL;
}

// Ranges of one VIP do not overlap and are sorted: a binary search.
static __always_inline const struct sluice_service *find_range(const struct packet *pkt)
{
	const struct sluice_shape s = shape();
	const struct sluice_range *ranges = (const void *)pkt->generation + sluice_ranges_at(s);
	const __u32 wanted = (__u32)pkt->flow.proto << 16 | bpf_ntohs(pkt->flow.dport);
	__u32 low = pkt->vip->first_range, high = low + pkt->vip->ranges;

	for (int i = 0; i < SLUICE_RANGE_STEPS && low < high; i++) {
		const __u32 middle = (low + high) / 2;
		const struct sluice_range *r;

		if (middle >= s.ranges)
			return NULL;
		r = ranges + middle;
		if (wanted < ((__u32)r->proto << 16 | r->first))
			high = middle;
		else if (wanted > ((__u32)r->proto << 16 | r->last))
			low = middle + 1;
		else
			return &r->service;
	}
	return NULL;
}

static __always_inline const struct sluice_service *find_wider(const struct packet *pkt)
{
	const struct sluice_vip_services *vip = pkt->vip;
	const struct sluice_service *service = NULL;

	if (vip->ranges)
		service = find_range(pkt);
	if (!service && vip->flags & SLUICE_VIP_ANY_PORT)
		service =
		    find_key(pkt->generation, sluice_service_key(vip->number, pkt->flow.proto, 0));
	if (!service && vip->flags & SLUICE_VIP_ANY_PROTOCOL)
		service = find_key(pkt->generation, sluice_service_key(vip->number, 0, 0));
	return service;
}

static __always_inline enum verdict find_service(struct packet *pkt)
{
	const __u64 key = sluice_service_key(pkt->vip->number, pkt->flow.proto, pkt->flow.dport);

	pkt->service = find_key(pkt->generation, key);
	if (!pkt->service && (pkt->vip->ranges | pkt->vip->flags))
		pkt->service = find_wider(pkt);
	return pkt->service ? V_NEXT : pass(pkt, SLUICE_PASS_NO_SERVICE);
}
