// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 2: is the destination a VIP of ours, and the frame for us?
#pragma once

#include "abi/perfect_hash.h"
#include "net/addr.h"
#include "packet.bpf.h"

static __always_inline const struct sluice_vip_services *
find_exact(const struct sluice_generation *g, const struct sluice_addr *addr)
{
	const struct sluice_vip *vip = vip_at(g, sluice_vip_hash(addr, g->vip_seed));

	if (!vip || !addr_equal(&vip->addr, addr) || addr_is_zero(addr))
		return NULL;
	return &vip->services;
}

static __always_inline const struct sluice_vip_services *
find_services(const struct sluice_generation *g, const struct sluice_addr *addr)
{
	const struct sluice_vip_services *vip = find_exact(g, addr);

	return vip ? vip : find_prefix(g, addr);
}

// Is it a VIP, or in a prefix that is one? A global function, verified by itself.
VERIFIED_ALONE int is_vip(struct sluice_addr *addr)
{
	const struct sluice_generation *g = current_generation();
	struct sluice_addr a;

	if (!g || !addr)
		return 0;
	a = *addr;
	return find_services(g, &a) != NULL;
}

// A packet from one VIP to another is forged, or goes round: clients have addresses of their own.
static __always_inline enum verdict find_vip(struct packet *pkt)
{
	const struct sluice_generation *g = current_generation();
	const struct ethernet *eth;
	struct cursor frame;

	if (!g)
		return pass(pkt, SLUICE_PASS_NOT_VIP);
	pkt->vip = find_services(g, &pkt->flow.dst);
	if (!pkt->vip)
		return pass(pkt, SLUICE_PASS_NOT_VIP);
	frame = hook_packet(pkt->ctx);
	eth = take_hdr(&frame, ethernet);
	if (!eth || !is_our_mac(g, frame_mac(eth)))
		return pass(pkt, SLUICE_PASS_OTHER_MAC);
	if (is_suspect(g, &pkt->flow.src, pkt->family) && find_services(g, &pkt->flow.src))
		return drop(pkt, SLUICE_DROP_MARTIAN);
	pkt->generation = g;
	return V_NEXT;
}
