// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Reading the tables of a device (flat_maps.bpf.h): every read is a lookup. The answers to what
// stages ask of their tables; nested.bpf.h says what each means.
//
// No loop and no function is left in the program: each is unrolled, each is inlined.
#pragma once

#include "abi/device_abi.h"
#include "abi/perfect_hash.h"
#include "net/addr.h"
#include "net/l2.h"
#include "packet.bpf.h"
#include "table/flat_maps.bpf.h"

enum { cfg_port_ranges = 1 };

// An entry of one of the tables that have two generations side by side.
static __always_inline const void *entry_in(void *table, const struct sluice_generation *g,
					    __u32 at)
{
	const __u32 index = sluice_device_index(at, g->number);

	return bpf_map_lookup_elem(table, &index);
}

// Its header only: SLUICE_GENERATION_HEAD bytes. All zero before the first one is in place.
static __always_inline const struct sluice_generation *current_generation(void)
{
	const __u32 zero = 0;
	const __u32 *index = bpf_map_lookup_elem(&turn, &zero);
	__u32 in_force;

	if (!index)
		return NULL;
	in_force = *index;
	return bpf_map_lookup_elem(&generations, &in_force);
}

static __always_inline const struct sluice_device_settings *device_settings(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline const struct sluice_vip *vip_at(const struct sluice_generation *g,
						       __u64 hash)
{
	const struct sluice_device_settings *s = device_settings();
	const __u32 *move;

	if (!s)
		return NULL;
	move = entry_in(&vip_moves, g, sluice_bucket_of(hash, s->vips / SLUICE_BUCKET - 1));
	return move ? entry_in(&vips, g, sluice_place_of(hash, *move, s->vips - 1)) : NULL;
}

static __always_inline _Bool is_suspect(const struct sluice_generation *g,
					const struct sluice_addr *addr, __u8 family)
{
	return 1;
}

static __always_inline const struct sluice_vip_services *
find_prefix(const struct sluice_generation *g, const struct sluice_addr *addr)
{
	return NULL; // there are no tries on devices
}

static __always_inline _Bool is_our_mac(const struct sluice_generation *g, __u64 mac)
{
	if (g->macs == 0)
		return !is_group_mac(mac);
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < SLUICE_MAX_MACS; i++) { // unused ones are nobody's
		const __u64 *ours = entry_in(&macs, g, i);

		if (ours && *ours == mac)
			return 1;
	}
	return 0;
}

static __always_inline _Bool is_from_us(const struct packet *pkt)
{
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < SLUICE_MAX_SOURCES; i++) {
		const struct sluice_addr *ours = entry_in(&sources, pkt->generation, i);
		const __be32 *mask = entry_in(&source_masks, pkt->generation, i);
		struct sluice_addr a = pkt->flow.src;

		if (!ours || !mask)
			return 0;
		a.word[3] &= *mask;
		if (addr_equal(ours, &a))
			return 1;
	}
	return 0;
}

static __always_inline const struct sluice_service *service_at(const struct sluice_generation *g,
							       __u64 hash)
{
	const struct sluice_device_settings *s = device_settings();
	const __u32 *move;

	if (!s)
		return NULL;
	move = entry_in(&service_moves, g, sluice_bucket_of(hash, s->services / SLUICE_BUCKET - 1));
	return move ? entry_in(&services, g, sluice_place_of(hash, *move, s->services - 1)) : NULL;
}

static __always_inline __u16 port_entry(const struct sluice_generation *g, __u32 page, __u32 at)
{
	const __u16 *entry =
	    entry_in(&port_entries, g, page * SLUICE_PORTS_IN_PAGE + at % SLUICE_PORTS_IN_PAGE);

	return entry ? *entry : 0;
}

static __always_inline const struct sluice_service *range_service(const struct sluice_generation *g,
								  __u32 at)
{
	return entry_in(&range_services, g, at);
}

static __always_inline const __u32 *choose_slot(struct packet *pkt, const void *plain)
{
	const struct sluice_device_settings *s = device_settings();
	__u32 at;

	if (!s)
		return NULL;
	pkt->hash = sluice_flow_hash(&pkt->flow, &s->key, pkt->service->hash, pkt->family == 4);
	at = pkt->service->ring * s->ring_slots + sluice_slot_of(pkt->hash, s->ring_slots);
	return bpf_map_lookup_elem(&rings, &at);
}

static __always_inline __u32 position_at(const struct sluice_generation *g, __u32 at)
{
	const __u32 *index = entry_in(&positions, g, at);

	return index ? *index : SLUICE_NONE;
}

static __always_inline _Bool find_member(struct packet *pkt, __u32 index)
{
	const __u32 first = 2 * index, second = 2 * index + 1;

	pkt->member_index = index;
	pkt->member = bpf_map_lookup_elem(&members, &first);
	pkt->member_rest = bpf_map_lookup_elem(&members, &second);
	return pkt->member && pkt->member_rest;
}

static __always_inline __u64 head_word(const struct packet *pkt, __u32 i)
{
	return i < SLUICE_DEVICE_HEAD_WORDS ? pkt->member->head[i]
					    : pkt->member_rest->head[i - SLUICE_DEVICE_HEAD_WORDS];
}

static __always_inline __be32 entropy_bits(const struct packet *pkt)
{
	return pkt->member_rest->entropy;
}

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

static __always_inline void explain(const struct packet *pkt, enum verdict v)
{
}
