// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Following an IPv6 header chain, in the packet itself or in one that an ICMP error quotes.
#pragma once

#include "net/ipv6_chain.h"
#include "packet.bpf.h"

enum {
	CHAIN_MAX =
	    0x3fff, // bytes of extension headers: two chains stay within the verifier's 64 k
};

// The chain whose first header, chain->proto, is at byte `at` of the frame. A global function: the
// verifier looks at the walk once, by itself. True if the chain is in order.
__attribute__((noinline)) int read_chain(struct hook_ctx *ctx, __u32 at, struct ipv6_chain *chain)
{
	struct cursor c = hook_packet(ctx);

	if (!chain || at > CHAIN_MAX || !take(&c, at))
		return 0;
	return walk_ipv6(chain, &c) && chain->len <= CHAIN_MAX;
}

// Moves `c` over the chain that begins there with chain->proto.
static __always_inline _Bool follow_chain(const struct packet *pkt, struct cursor *c,
					  struct ipv6_chain *chain)
{
	const struct cursor start = hook_packet(pkt->ctx);

	if (!read_chain(pkt->ctx, c->pos - start.pos, chain))
		return 0;
	return take(c, chain->len & CHAIN_MAX) != NULL;
}
