// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 4: which service of the VIP is on this protocol and port?
#pragma once

#include "abi/perfect_hash.h"
#include "config.bpf.h"
#include "packet.bpf.h"

static __always_inline enum verdict find_service(struct packet *pkt)
{
	const struct sluice_shape s = shape();
	const void *g = pkt->generation;
	const __u64 key = sluice_service_key(pkt->vip, pkt->flow.proto, pkt->flow.dport);
	const __u64 hash = sluice_service_hash(key, pkt->generation->service_seed);
	const __u32 *displacement = g + sluice_service_displacements_at(s);
	const struct sluice_service *service = g + sluice_services_at(s);

	service +=
	    sluice_place_of(hash, displacement[sluice_bucket_of(hash, s.services)], s.services);
	if (service->key != key)
		return pass(pkt, SLUICE_PASS_NO_SERVICE);
	pkt->service = service;
	return V_NEXT;
}
