// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is particular to the agent at the tc hook, and nothing else.
//
// A struct sk_buff is more than a frame: what the NIC knows of its checksums, and GRO's merging of
// TCP segments, tunnel and all, must stay true when the tunnel is gone.
#pragma once

#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include "ctx/skb.bpf.h"

enum {
	HOOK_PASS = TC_ACT_UNSPEC, // other filters have their say
	HOOK_DROP = TC_ACT_SHOT,
};

// Bytes of the frame.
static __always_inline __u32 hook_bytes(struct hook_ctx *ctx)
{
	return ctx->len;
}

// The packet, its first `bytes` within reach as far as it has them: drivers leave what they like in
// pages. Ends the validity of all packet pointers.
static __always_inline struct cursor hook_reach(struct hook_ctx *ctx, __u32 bytes)
{
	const struct cursor c = hook_packet(ctx);
	const __u32 want = ctx->len < bytes ? ctx->len : bytes;

	// Without memory it looks cut off.
	if ((__u64)(c.end - c.pos) < want)
		bpf_skb_pull_data(ctx, want);
	return hook_packet(ctx);
}

// Is it several packets in one?
static __always_inline _Bool hook_merged(const struct hook_ctx *ctx)
{
	return ctx->gso_size != 0;
}

// A word behind the outer IP header has changed: so has the sum that the NIC may have told of the
// packet (CHECKSUM_COMPLETE). Where it has told none, this is refused and does nothing.
static __always_inline void hook_word_changed(struct hook_ctx *ctx, __be32 from, __be32 to)
{
	bpf_csum_update(ctx, bpf_csum_diff(&from, sizeof(from), &to, sizeof(to), 0));
}

// Takes `bytes` away behind the Ethernet header, which says `type` from then on. They include a
// checksum unless `plain`. 0, or an error. Ends the validity of all packet pointers.
//
// The kernel goes by skb->protocol, which only bpf_skb_change_proto() changes on every kernel
// (BPF_F_ADJ_ROOM_DECAP_L3_* came with 6.3). It exchanges one header, whose bytes do not matter, by
// another of the new length, and is first so that bpf_skb_adjust_room() knows how short the packet
// may become. The segments of a merged packet do not change (FIXED_GSO). A checksum that the NIC
// has verified was the outermost one (NO_CSUM_RESET and bpf_csum_level()).
static __always_inline int hook_strip(struct hook_ctx *ctx, __u32 bytes, __be16 type, _Bool plain)
{
	const __u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET;
	const int longer = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	int less = bytes;

	if (ctx->protocol != type) {
		if (bpf_skb_change_proto(ctx, type, 0))
			return -1;
		less += type == bpf_htons(ETH_P_IPV6) ? longer : -longer;
	}
	if (bpf_skb_adjust_room(ctx, -less, BPF_ADJ_ROOM_MAC, flags))
		return -1;
	if (!plain)
		bpf_csum_level(ctx, BPF_CSUM_LEVEL_DEC);
	bpf_set_hash_invalid(ctx);
	return bpf_skb_store_bytes(ctx, offsetof(struct ethhdr, h_proto), &type, sizeof(type), 0);
}
