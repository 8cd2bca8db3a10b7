// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 2: is the destination a VIP of ours, and the frame for us?
#pragma once

#include "abi/perfect_hash.h"
#include "config.bpf.h"
#include "maps.bpf.h"
#include "net/addr.h"
#include "packet.bpf.h"

// The generation in place, or NULL before the first one is.
static __always_inline const struct sluice_generation *current_generation(void)
{
	const __u32 zero = 0;
	void *table = bpf_map_lookup_elem(&generation, &zero);

	return table ? bpf_map_lookup_elem(table, &zero) : NULL;
}

static __always_inline const struct sluice_vip_services *
find_exact(const struct sluice_generation *g, const struct sluice_addr *addr)
{
	const struct sluice_shape s = shape();
	const __u64 hash = sluice_vip_hash(addr, g->vip_seed);
	const __u32 *displacement = (const void *)g + sluice_vip_displacements_at();
	const struct sluice_vip *vip = (const void *)g + sluice_vips_at(s);

	vip += sluice_place_of(hash, displacement[sluice_bucket_of(hash, s.vips)], s.vips);
	return vip->services.number && addr_equal(&vip->addr, addr) ? &vip->services : NULL;
}

static __always_inline const struct sluice_vip_services *
find_prefix(const struct sluice_generation *g, const struct sluice_addr *addr)
{
	struct sluice_prefix key = {.length = 128};
	const __u32 number = g->prefixes;
	void *table;

	if (number == SLUICE_NO_PREFIXES)
		return NULL;
	table = bpf_map_lookup_elem(&prefixes, &number);
	if (!table)
		return NULL;
	for (int i = 0; i < 4; i++)
		key.word[i] = addr->word[i];
	return bpf_map_lookup_elem(table, &key);
}

// The rarer cases of is_our_mac(). A global function, verified by itself.
__attribute__((noinline)) int is_another_mac_of_ours(__u64 mac)
{
	const struct sluice_generation *g = current_generation();

	if (!g || g->macs == 0)
		return !is_group_mac(mac); // RFC 1122, 3.3.6; an answer would come from it
	for (int i = 1; i < SLUICE_MAX_MACS && i < g->macs; i++)
		if (g->mac[i] == mac)
			return 1;
	return 0;
}

static __always_inline _Bool is_our_mac(const struct sluice_generation *g, __u64 mac)
{
	return g->mac[0] == mac || is_another_mac_of_ours(mac);
}

static __always_inline const struct sluice_vip_services *
find_services(const struct sluice_generation *g, const struct sluice_addr *addr)
{
	const struct sluice_vip_services *vip = find_exact(g, addr);

	return !vip && cfg_prefixes ? find_prefix(g, addr) : vip;
}

// A packet from one VIP to another is forged, or goes round: clients have addresses of their own.
static __always_inline enum verdict find_vip(struct packet *pkt)
{
	const struct sluice_generation *g = current_generation();

	if (!g)
		return pass(pkt, SLUICE_PASS_NOT_VIP);
	pkt->vip = find_services(g, &pkt->flow.dst);
	if (!pkt->vip)
		return pass(pkt, SLUICE_PASS_NOT_VIP);
	if (!is_our_mac(g, pkt->mac))
		return pass(pkt, SLUICE_PASS_OTHER_MAC);
	if (find_services(g, &pkt->flow.src))
		return drop(pkt, SLUICE_DROP_MARTIAN);
	pkt->generation = g;
	return V_NEXT;
}
