// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A packet as XDP has it, a frame in one piece: what the host's hook and a device's have in common.
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// By its own name, or the verifier would not know it in the arguments of global functions.
#define hook_ctx xdp_md

#include "net/ip.h"
#include "packet.bpf.h"

static __always_inline struct cursor hook_packet(struct hook_ctx *ctx)
{
	struct cursor c = {
	    .pos = (void *)(long)ctx->data,
	    .end = (void *)(long)ctx->data_end,
	};

	return c;
}

// The packet, its addresses within reach.
static __always_inline struct cursor hook_begin(struct hook_ctx *ctx)
{
	return hook_packet(ctx);
}

// The packet once more, all that will be looked at within reach, now that it is ours.
static __always_inline struct cursor hook_whole(struct hook_ctx *ctx)
{
	return hook_packet(ctx);
}

// Is there a VLAN tag that is not in the data?
static __always_inline _Bool hook_has_tag_aside(const struct hook_ctx *ctx)
{
	return 0;
}

// Has the packet nothing that only the stages know how to treat?
static __always_inline _Bool hook_is_plain(const struct hook_ctx *ctx)
{
	return 1;
}

// Bytes of the frame from the IP header on, which is at `l3`.
static __always_inline __u32 hook_l3_bytes(const struct packet *pkt, const void *l3)
{
	return hook_packet(pkt->ctx).end - l3;
}

// Makes `bytes` of room in front of the packet (removes bytes where negative). 0, or an error
// that left the packet as it was. Ends the validity of all packet pointers.
static __always_inline int hook_make_room(struct hook_ctx *ctx, int bytes)
{
	return bpf_xdp_adjust_head(ctx, -bytes);
}

enum {
	IPV4_HEAD = ETH_HLEN + sizeof(struct iphdr), // IPIP
	IPV6_HEAD = ETH_HLEN + sizeof(struct ipv6hdr),
	GUE_HEAD = IPV4_HEAD + UDP_HEADER + 4, // variant 0
};

static __always_inline __u32 opaque(__u32 constant)
{
	barrier_var(constant);
	return constant;
}

// The length of a head itself. All that follows waits for where the packet begins now, and that for
// this, which the member's row has: of the lengths that most heads have, the processor guesses the
// branch, and goes on with a constant before the row has come.
static __always_inline __u32 guessed(__u32 head_len)
{
	if (head_len == IPV4_HEAD)
		return opaque(IPV4_HEAD);
	if (head_len == IPV6_HEAD)
		return opaque(IPV6_HEAD);
	return head_len == GUE_HEAD ? opaque(GUE_HEAD) : head_len;
}

// Makes room for the member's head, where the Ethernet header and `tags` bytes of VLAN tags will be
// written once more. Otherwise as above.
static __always_inline int hook_make_head_room(const struct packet *pkt, __u32 tags)
{
	return hook_make_room(pkt->ctx, guessed(pkt->member->head_len) + tags - l2_len(pkt));
}

// Takes the tags out of the data where they would be in the way, which here they are not.
static __always_inline void hook_lift_tags(struct packet *pkt)
{
}

static __always_inline int hook_put_tags(const struct packet *pkt, _Bool keep)
{
	return 0;
}

// Is it several segments in one, each of which wants a checksum of its own?
static __always_inline _Bool hook_is_merged(const struct packet *pkt)
{
	return 0;
}

// Bytes, from the IP header on, of the largest packet this one will be on the wire.
static __always_inline __u32 hook_largest_segment(const struct packet *pkt)
{
	return pkt->l3_len;
}
