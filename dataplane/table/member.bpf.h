// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Reading members_map.bpf.h: a member's row, and what of it `encap` asks for.
#pragma once

#include "members_map.bpf.h"
#include "packet.bpf.h"

static __always_inline _Bool find_member(struct packet *pkt, __u32 index)
{
	pkt->member_index = index;
	pkt->member = bpf_map_lookup_elem(&members, &index);
	return pkt->member;
}

static __always_inline __u64 head_word(const struct packet *pkt, __u32 i)
{
	return pkt->member->head[i];
}

static __always_inline __be32 entropy_bits(const struct packet *pkt)
{
	return pkt->member->entropy;
}
