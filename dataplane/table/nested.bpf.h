// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Reading the tables of maps.bpf.h, where a generation is one map value and a ring another: these
// are pointers into them. What stages ask of their tables, flat.bpf.h answers as well.
#pragma once

#include "abi/flow_hash.h"
#include "abi/perfect_hash.h"
#include "abi/source_filter.h"
#include "config.bpf.h"
#include "maps.bpf.h"
#include "net/addr.h"
#include "packet.bpf.h"
#include "table/member.bpf.h"

// The generation in place, or NULL before the first one is.
static __always_inline const struct sluice_generation *current_generation(void)
{
	const __u32 zero = 0;
	void *table = bpf_map_lookup_elem(&generation, &zero);

	return table ? bpf_map_lookup_elem(table, &zero) : NULL;
}

// The only entry where the VIP with this hash can be.
static __always_inline const struct sluice_vip *vip_at(const struct sluice_generation *g,
						       __u64 hash)
{
	const __u32 *displacement = (const void *)g + cfg_layout.vip_displacements_at;
	const __u32 bucket = sluice_bucket_of(hash, cfg_layout.vip_bucket_mask);
	const struct sluice_vip *vip = (const void *)g + cfg_layout.vips_at;

	return vip + sluice_place_of(hash, displacement[bucket], cfg_layout.vip_mask);
}

// False for most addresses that are neither VIPs nor martian sources.
static __always_inline _Bool is_suspect_v4(const struct sluice_generation *g, __be32 address)
{
	const __u32 place = sluice_filter_place_v4(address);

	return g->filter[0][place / 32] >> place % 32 & 1;
}

// False for most addresses that are no VIPs; of an address's first half.
static __always_inline _Bool is_suspect_v6(const struct sluice_generation *g, __u64 high)
{
	const __u32 place = sluice_filter_place_v6(high);

	return g->filter[1][place / 32] >> place % 32 & 1;
}

static __always_inline _Bool is_suspect(const struct sluice_generation *g,
					const struct sluice_addr *addr, __u8 family)
{
	return family == 4 ? is_suspect_v4(g, addr->word[3])
			   : is_suspect_v6(g, sluice_addr_high(addr));
}

static __always_inline const struct sluice_vip_services *
find_prefix(const struct sluice_generation *g, const struct sluice_addr *addr)
{
	struct sluice_prefix key = {.length = 128};
	const __u32 number = g->prefixes;
	void *table;

	if (!cfg_prefixes || number == SLUICE_NO_PREFIXES)
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

// A global function, verified by itself.
__attribute__((noinline)) int is_our_source(struct sluice_addr *addr)
{
	const struct sluice_generation *g = current_generation();

	if (!g || !addr)
		return 0;
	for (int i = 0; i < SLUICE_MAX_SOURCES; i++) {
		struct sluice_addr a = *addr;

		a.word[3] &= g->source_mask[i];
		if (addr_equal(&g->source[i], &a))
			return 1;
	}
	return 0;
}

// Does the packet come from where our own tunnels do?
static __always_inline _Bool is_from_us(const struct packet *pkt)
{
	struct sluice_addr source = pkt->flow.src;

	return is_our_source(&source);
}

// The only entry where the service with this hash can be.
static __always_inline const struct sluice_service *service_at(const struct sluice_generation *g,
							       __u64 hash)
{
	const __u32 *displacement = (const void *)g + sluice_service_displacements_at();
	const __u32 bucket = sluice_bucket_of(hash, cfg_layout.service_bucket_mask);
	const struct sluice_service *service = (const void *)g + cfg_layout.services_at;

	service += sluice_place_of(hash, displacement[bucket], cfg_layout.service_mask);
	barrier_var(service); // or clang keeps its base and its place, in two registers
	if (!service)
		__builtin_unreachable();
	return service;
}

// An entry of a port page. Places are masked here and
// below, because clang moves the address's arithmetic in front of a comparison; and the barriers
// hide from it what it knows of their bounds, with which it rewrites the masks until the verifier
// (6.1 to 6.18) no longer follows: "R1 max value is outside of the allowed memory range".
static __always_inline __u16 port_entry(const struct sluice_generation *g, __u32 page, __u32 at)
{
	const struct sluice_port_page *pages = (const void *)g + cfg_layout.port_pages_at;

	barrier_var(page);
	barrier_var(at);
	return pages[page & cfg_layout.port_page_mask].entry[at % SLUICE_PORTS_IN_PAGE];
}

static __always_inline const struct sluice_service *range_service(const struct sluice_generation *g,
								  __u32 at)
{
	const struct sluice_service *services = (const void *)g + cfg_layout.range_services_at;

	barrier_var(at);
	return services + (at & cfg_layout.range_service_mask);
}

// Of all that a plain packet's IP header says, each word read where it is multiplied: there are
// more of IPv6 than registers.
static __always_inline __u32 plain_hash(const struct packet *pkt, const void *plain)
{
	const struct plain_ipv4 *ip4 = plain;
	const struct plain_ipv6 *ip6 = plain;
	const volatile struct sluice_hash_key *key = &cfg_hash_key;

	if (pkt->family == 4)
		return sluice_hash_finish(sluice_nh_v4(ip4->saddr, ip4->daddr, key) +
					  sluice_nh_l4(ip4->ports.source,
						       sluice_endpoint(ip4->proto, ip4->ports.dest),
						       key));
	return sluice_hash_finish(
	    sluice_nh_v6(&ip6->saddr, &ip6->daddr, key) +
	    sluice_nh_l4(ip6->ports.source, sluice_endpoint(plain_ipv6_proto(ip6), ip6->ports.dest),
			 key));
}

static __always_inline __u32 flow_hash(const struct packet *pkt, const void *plain)
{
	const __u8 fields = pkt->service->hash;
	struct sluice_flow flow;

	if (plain && likely(fields == SLUICE_HASH_FIVE_TUPLE))
		return plain_hash(pkt, plain);
	flow = flow_again(pkt, plain);
	return sluice_flow_hash(&flow, &cfg_hash_key, fields, pkt->family == 4);
}

// The flow's slot in the ring of its service, and the flow's hash; NULL if there is no such ring.
// `plain`: see flow_again().
static __always_inline const __u32 *choose_slot(struct packet *pkt, const void *plain)
{
	const __u32 slots = cfg_layout.ring_slots;
	const __u32 number = pkt->service->ring, zero = 0;
	const __u32 *ring;
	void *table;
	__u32 hash;

	hash = flow_hash(pkt, plain);
	barrier_var(hash); // or clang keeps what it is made of over the lookups
	pkt->hash = hash;
	table = bpf_map_lookup_elem(&rings, &number);
	if (!table)
		return NULL;
	ring = bpf_map_lookup_elem(table, &zero);
	if (!ring)
		return NULL;
	return ring + sluice_slot_of(pkt->hash, slots);
}

// The member index at a place of the position table.
static __always_inline __u32 position_at(const struct sluice_generation *g, __u32 at)
{
	const __u32 *positions = (const void *)g + cfg_layout.positions_at;

	return positions[at & cfg_layout.position_mask];
}

// Counters are per CPU.
static __always_inline void add(__u64 *counter, __u64 n)
{
	*counter += n;
}

static __always_inline void write_fate(const struct packet *pkt, enum verdict v)
{
	const __u32 key = 0;
	struct sluice_fate *f = bpf_map_lookup_elem(&fate, &key);

	if (!f)
		return;
	f->verdict = v;
	f->reason = pkt->reason;
	f->service = pkt->service ? pkt->service->number : SLUICE_NONE;
	f->member = pkt->member ? pkt->member_index : SLUICE_NONE;
	f->ifindex = v == V_REDIRECT ? pkt->member->ifindex : 0;
}

static __always_inline void explain(const struct packet *pkt, enum verdict v)
{
	if (unlikely(cfg_explain))
		write_fate(pkt, v);
}
