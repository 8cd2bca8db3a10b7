// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 7: which service of the VIP is on this protocol and port? An exact port comes first, then a
// range of ports, any port of the protocol, any protocol.
#pragma once

#include "abi/perfect_hash.h"
#include "net/addr.h"
#include "packet.bpf.h"

// A VIP's name in the service table.
struct vip_name {
	__u64 high;
	__u64 low;
	__u64 base; // sluice_service_base()
};

static __always_inline struct vip_name name_vip(const struct sluice_generation *g, __u64 high,
						__u64 low)
{
	const struct vip_name name = {
	    .high = high,
	    .low = low,
	    .base = sluice_service_base(high, low, g->service_multipliers),
	};

	return name;
}

// The only entry that the service of a VIP's endpoint can have; NULL if a table is not as it should
// be.
static __always_inline const struct sluice_service *
entry_of(const struct sluice_generation *g, const struct vip_name *vip, __u32 endpoint)
{
	return service_at(g, sluice_service_hash(vip->base, endpoint));
}

static __always_inline _Bool is_on(const struct sluice_service *service, const struct vip_name *vip,
				   __u32 endpoint)
{
	return likely(service->endpoint == endpoint) &&
	       likely(sluice_addr_low(&service->vip) == vip->low) &&
	       likely(sluice_addr_high(&service->vip) == vip->high);
}

// The service of the packet's VIP on exactly this.
static __always_inline const struct sluice_service *
find_exactly(const struct packet *pkt, const struct vip_name *vip, __u8 proto, __be16 port)
{
	const __u32 endpoint = sluice_endpoint(proto, port) | pkt->vip->kind;
	const struct sluice_service *service = entry_of(pkt->generation, vip, endpoint);

	return service && is_on(service, vip, endpoint) ? service : NULL;
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

static __always_inline const struct sluice_service *find_wider(const struct packet *pkt,
							       const struct vip_name *name)
{
	const struct sluice_vip_services *vip = pkt->vip;
	const struct sluice_service *service = NULL;

	if (may_have_range(pkt))
		service = find_range(pkt);
	if (!service && vip->flags & SLUICE_VIP_ANY_PORT)
		service = find_exactly(pkt, name, pkt->flow.proto, 0);
	if (!service && vip->flags & SLUICE_VIP_ANY_PROTOCOL)
		service = find_exactly(pkt, name, 0, 0);
	return service;
}

static __always_inline enum verdict find_service(struct packet *pkt)
{
	const struct sluice_addr *vip = &pkt->vip->name;
	const struct vip_name name =
	    name_vip(pkt->generation, sluice_addr_high(vip), sluice_addr_low(vip));

	pkt->service = find_exactly(pkt, &name, pkt->flow.proto, pkt->flow.dport);
	if (!pkt->service)
		pkt->service = find_wider(pkt, &name);
	return pkt->service ? V_NEXT : pass(pkt, SLUICE_PASS_NO_SERVICE);
}
