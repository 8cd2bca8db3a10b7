// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is particular to the XDP hook, and nothing else.
#pragma once

#include "ctx/frame.bpf.h"

// Cuts the packet to `length` bytes, from its Ethernet header on. As hook_make_room() otherwise.
static __always_inline int hook_set_length(struct hook_ctx *ctx, __u32 length)
{
	const struct cursor c = hook_packet(ctx);
	long now = c.end - c.pos;

	// Or clang subtracts 32 bits, and the verifier (6.1 to 6.18) says "R2 32-bit pointer
	// arithmetic prohibited".
	barrier_var(now);
	return bpf_xdp_adjust_tail(ctx, (int)(length - now));
}

// Leaves `length` bytes of the packet, to be written anew behind its Ethernet header and VLAN tags,
// where `headers` bytes of IP headers and a TCP segment were. As hook_make_room() otherwise.
static __always_inline int hook_begin_anew(struct hook_ctx *ctx, __u32 headers, __u32 length)
{
	return hook_set_length(ctx, length);
}

// Takes `bytes` off the packet's end. As hook_make_room() otherwise.
static __always_inline int hook_cut_tail(struct hook_ctx *ctx, int bytes)
{
	return bpf_xdp_adjust_tail(ctx, -bytes);
}

static __always_inline __u32 hook_ingress(const struct hook_ctx *ctx)
{
	return ctx->ingress_ifindex;
}

// A packet that no stage decided about must not reach anybody.
static __always_inline int hook_action(const struct packet *pkt, enum verdict v)
{
	switch (v) {
	case V_PASS:
		return XDP_PASS;
	case V_TX:
	case V_REPLY:
		return XDP_TX;
	case V_REDIRECT:
		return bpf_redirect(pkt->member->ifindex, 0);
	case V_NEXT:
	case V_DROP:
		break;
	}
	return XDP_DROP;
}
