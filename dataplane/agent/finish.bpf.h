// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The only place where the agent counts a packet and turns a verdict into an action.
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "agent/maps.bpf.h"
#include "agent/packet.bpf.h"

static __always_inline void count(void *counters, __u32 index)
{
	__u64 *n = bpf_map_lookup_elem(counters, &index);

	if (n)
		*n += 1;
}

static __always_inline void count_opened(const struct tunnel_packet *pkt)
{
	const __u32 kind = pkt->kind;
	struct sluice_counter *n = bpf_map_lookup_elem(&decapsulated, &kind);

	if (n) {
		n->packets += 1;
		n->bytes += pkt->inner.len;
	}
}

static __always_inline int finish(const struct tunnel_packet *pkt, enum verdict v)
{
	if (v != V_PASS) { // a packet that no stage decided about must not reach anybody
		count(&drops, pkt->drop_reason);
		return HOOK_DROP;
	}
	if (pkt->opened)
		count_opened(pkt);
	else
		count(&passes, pkt->pass_reason);
	return HOOK_PASS;
}
