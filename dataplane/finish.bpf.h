// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The only place that counts a packet and turns a verdict into an action.
#pragma once

#include "packet.bpf.h"

static __always_inline void count(void *counters, __u32 index)
{
	__u64 *n = bpf_map_lookup_elem(counters, &index);

	if (n)
		add(n, 1);
}

static __always_inline void count_forwarded(const struct packet *pkt)
{
	const __u32 index = pkt->member_index;
	struct sluice_counter *n = bpf_map_lookup_elem(&member_stats, &index);

	if (n) {
		add(&n->packets, 1);
		add(&n->bytes, pkt->l3_len);
	}
}

static __always_inline void count_otherwise(const struct packet *pkt, enum verdict v)
{
	if (v == V_PASS)
		count(&passes, pkt->reason);
	else if (v == V_REPLY)
		count(&replies, pkt->reason);
	else
		count(&drops, pkt->reason);
}

static __always_inline int finish(const struct packet *pkt, enum verdict v)
{
	if (v == V_TX || v == V_REDIRECT)
		count_forwarded(pkt);
	else
		count_otherwise(pkt, v);
	explain(pkt, v);
	return hook_action(pkt, v);
}
