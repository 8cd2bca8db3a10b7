// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 7: which service of the VIP is on this protocol and port? An exact port comes first, then a
// range of ports, any port of the protocol, any protocol.
#pragma once

#include "abi/perfect_hash.h"
#include "packet.bpf.h"

static __always_inline const struct sluice_service *find_key(const struct sluice_generation *g,
							     __u64 key)
{
	const struct sluice_service *service =
	    service_at(g, sluice_service_hash(key, g->service_seed));

	return service && service->key == key ? service : NULL;
}

static __always_inline const struct sluice_service *find_range(const struct packet *pkt)
{
	const struct sluice_generation *g = pkt->generation;
	const __u16 port = bpf_ntohs(pkt->flow.dport);
	__u32 root, entry;

	root = pkt->flow.proto == IPPROTO_TCP ? pkt->vip->tcp_ports : pkt->vip->udp_ports;
	if (root == SLUICE_NO_PORTS)
		return NULL;
	entry = port_entry(g, root, port >> 8);
	if (entry & SLUICE_PORTS_LEAF)
		entry = port_entry(g, entry - SLUICE_PORTS_LEAF, port);
	return entry ? range_service(g, entry - 1) : NULL;
}

// Only the protocols that have ports have ranges of them.
static __always_inline _Bool may_have_range(const struct packet *pkt)
{
	return cfg_port_ranges &&
	       (pkt->flow.proto == IPPROTO_TCP || pkt->flow.proto == IPPROTO_UDP);
}

static __always_inline const struct sluice_service *find_wider(const struct packet *pkt)
{
	const struct sluice_vip_services *vip = pkt->vip;
	const struct sluice_service *service = NULL;

	if (may_have_range(pkt))
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
	if (!pkt->service)
		pkt->service = find_wider(pkt);
	return pkt->service ? V_NEXT : pass(pkt, SLUICE_PASS_NO_SERVICE);
}
