// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is particular to the XDP hook, and nothing else.
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "packet.bpf.h"

struct hook_ctx {
	struct xdp_md md;
};

static __always_inline struct cursor hook_packet(struct hook_ctx *ctx)
{
	struct cursor c = {
	    .pos = (void *)(long)ctx->md.data,
	    .end = (void *)(long)ctx->md.data_end,
	};

	return c;
}

// Makes `bytes` of room in front of the packet (removes bytes where negative). 0, or an error
// that left the packet as it was. Ends the validity of all packet pointers.
static __always_inline int hook_make_room(struct hook_ctx *ctx, int bytes)
{
	return bpf_xdp_adjust_head(&ctx->md, -bytes);
}

static __always_inline __u32 hook_ingress(const struct hook_ctx *ctx)
{
	return ctx->md.ingress_ifindex;
}

// The action for a verdict other than V_NEXT and V_DROP... and for those two, too: a packet that
// no stage decided about must not reach anybody.
static __always_inline int hook_action(const struct packet *pkt, enum verdict v)
{
	switch (v) {
	case V_PASS:
		return XDP_PASS;
	case V_TX:
		return XDP_TX;
	case V_REDIRECT:
		return bpf_redirect(pkt->member->ifindex, 0);
	case V_NEXT:
	case V_DROP:
		break;
	}
	return XDP_DROP;
}
