// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is particular to the agent at the XDP hook, and nothing else.
#pragma once

#include <linux/if_ether.h>
#include "ctx/xdp.bpf.h"
#include "net/cursor.h"

enum {
	HOOK_PASS = XDP_PASS,
	HOOK_DROP = XDP_DROP,
};

// Bytes of the frame.
static __always_inline __u32 hook_bytes(struct hook_ctx *ctx)
{
	const struct cursor c = hook_packet(ctx);

	return c.end - c.pos;
}

// The packet, its first `bytes` within reach as far as it has them. Ends the validity of all packet
// pointers.
static __always_inline struct cursor hook_reach(struct hook_ctx *ctx, __u32 bytes)
{
	return hook_packet(ctx);
}

// Is it several packets in one?
static __always_inline _Bool hook_merged(const struct hook_ctx *ctx)
{
	return 0;
}

// A word behind the outer IP header has changed.
static __always_inline void hook_word_changed(struct hook_ctx *ctx, __be32 from, __be32 to)
{
}

// Takes `bytes` away behind the Ethernet header, which says `type` from then on. They include a
// checksum unless `plain`. 0, or an error. Ends the validity of all packet pointers.
//
// The MAC addresses are carried over in words: a struct ethhdr would be copied byte by byte.
static __always_inline int hook_strip(struct hook_ctx *ctx, __u32 bytes, __be16 type, _Bool plain)
{
	struct cursor c = hook_packet(ctx);
	void *eth = take(&c, ETH_HLEN);
	__u64 first;
	__u32 second;

	if (!eth)
		return -1;
	first = *(__u64 *)eth;
	second = *(__u32 *)(eth + sizeof(first));
	if (hook_make_room(ctx, -(int)bytes))
		return -1;
	c = hook_packet(ctx);
	eth = take(&c, ETH_HLEN);
	if (!eth)
		return -1;
	*(__u64 *)eth = first;
	*(__u32 *)(eth + sizeof(first)) = second;
	*(__be16 *)(eth + ETH_HLEN - sizeof(type)) = type;
	return 0;
}
