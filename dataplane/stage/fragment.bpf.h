// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 6: a fragment goes where its datagram's first fragment went.
//
// The rule: the first fragment's ports are remembered for 30 s, Linux's own time for reassembly,
// and stand in for those of the others. A fragment that comes before its first one is dropped; so
// is a second first fragment that disagrees. No datagram is ever split over two backends.
#pragma once

#include "maps.bpf.h"
#include "packet.bpf.h"

#define FRAGMENT_LIFETIME 30000000000ull // ns

static __always_inline struct sluice_fragment_key fragment_key(const struct packet *pkt)
{
	struct sluice_fragment_key key = {
	    .src = pkt->flow.src,
	    .dst = pkt->flow.dst,
	    .id = pkt->fragment_id,
	    .proto = pkt->family == 4 ? pkt->flow.proto : 0,
	};

	return key;
}

// Gives a later fragment the ports of the first.
static __always_inline enum verdict find_fragment(struct packet *pkt)
{
	struct sluice_fragment_key key;
	const struct sluice_fragment *first;

	if (pkt->fragment != FRAGMENT_LATER)
		return V_NEXT;
	key = fragment_key(pkt);
	first = bpf_map_lookup_elem(&fragments, &key);
	if (!first || bpf_ktime_get_ns() - first->seen > FRAGMENT_LIFETIME)
		return drop(pkt, SLUICE_DROP_FRAGMENT);
	pkt->flow.sport = first->sport;
	pkt->flow.dport = first->dport;
	pkt->flow.proto = first->proto;
	return V_NEXT;
}

static __always_inline enum verdict remember_first(struct packet *pkt)
{
	const struct sluice_fragment first = {
	    .seen = bpf_ktime_get_ns(),
	    .sport = pkt->flow.sport,
	    .dport = pkt->flow.dport,
	    .proto = pkt->flow.proto,
	};
	const struct sluice_fragment_key key = fragment_key(pkt);
	const struct sluice_fragment *known = bpf_map_lookup_elem(&fragments, &key);

	if (known && first.seen - known->seen <= FRAGMENT_LIFETIME) {
		const _Bool same = known->sport == first.sport && known->dport == first.dport &&
				   known->proto == first.proto;

		return same ? V_NEXT : drop(pkt, SLUICE_DROP_FRAGMENT_CONFLICT);
	}
	// A table that refuses costs the later fragments, which are dropped and counted.
	bpf_map_update_elem(&fragments, &key, &first, BPF_ANY);
	return V_NEXT;
}

// Remembers what a first fragment says; only for a service, so that others cannot fill the table.
static __always_inline enum verdict remember_fragment(struct packet *pkt)
{
	return pkt->fragment == FRAGMENT_FIRST ? remember_first(pkt) : V_NEXT;
}
