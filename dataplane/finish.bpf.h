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
	struct sluice_counter *n = bpf_map_lookup_elem(&member_stats, &pkt->member_index);

	if (n) {
		add(&n->packets, 1);
		add(&n->bytes, pkt->l3_len);
	}
}

static __always_inline int finish(const struct packet *pkt, enum verdict v)
{
	switch (v) {
	case V_TX:
	case V_REDIRECT:
		count_forwarded(pkt);
		break;
	case V_PASS:
		count(&passes, pkt->reason);
		break;
	case V_REPLY:
		count(&replies, pkt->reason);
		break;
	case V_NEXT:
	case V_DROP:
		count(&drops, pkt->reason);
		break;
	}
	explain(pkt, v);
	return hook_action(pkt, v);
}
