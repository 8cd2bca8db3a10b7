// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 3: where is the inner packet, and of which family is it said to be?
#pragma once

#include "agent/open_geneve.bpf.h"
#include "agent/open_gre.bpf.h"
#include "agent/open_gue.bpf.h"
#include "agent/opening.bpf.h"

enum {
	// All the largest headers together: the outer IPv4 header, Geneve with an Ethernet frame.
	OPEN_MAX = 0x1ff,
	OPEN_BYTES = OPEN_MAX + sizeof(struct ipv6hdr),
};

// What read_tunnel() is told and what it finds.
struct tunnel_body {
	__u32 at;   // byte of the frame: behind the outer IP header; then the inner packet's first
	__u32 left; // bytes of the tunnel packet from there on
	__u32 proto;
	__u32 kind;
	__u32 family; // found: 4 or 6
};

// The UDP checksum is not verified, and may be zero over IPv6 as well (RFC 6935): XDP cannot afford
// to look at the whole packet, and the inner packet has a checksum of its own, which the kernel
// verifies.
static __always_inline int open_udp(struct opening *o)
{
	const struct udphdr *udp = take_tunnel(o, sizeof(*udp));
	__u32 len;

	if (!udp)
		return SLUICE_AGENT_DROP_UDP_LENGTH;
	len = bpf_ntohs(udp->len);
	if (len < sizeof(*udp) || len - sizeof(*udp) > o->left)
		return SLUICE_AGENT_DROP_UDP_LENGTH;
	o->left = len - sizeof(*udp);
	return OPENED;
}

static __always_inline int open_in_udp(struct opening *o, __u32 kind)
{
	const int r = open_udp(o);

	if (r != OPENED)
		return r;
	switch (kind) {
	case SLUICE_AGENT_TUNNEL_GUE:
		return open_gue(o);
	case SLUICE_AGENT_TUNNEL_GENEVE:
		return open_geneve(o);
	default:
		return open_bare(o);
	}
}

// Finds the inner packet: OPENED, or the reason why not. A global function: the verifier looks at
// it once, by itself, instead of multiplying its paths with those that lead here and go on.
__attribute__((noinline)) int read_tunnel(struct hook_ctx *ctx, struct tunnel_body *body)
{
	const struct cursor frame = hook_reach(ctx, OPEN_BYTES);
	struct opening o = {.cur = frame};
	int r;

	if (!body || body->at > OPEN_MAX || !take(&o.cur, body->at & OPEN_MAX))
		return SLUICE_AGENT_DROP_OUTER_LENGTH;
	o.left = body->left;
	if (body->kind == SLUICE_AGENT_TUNNEL_IPIP)
		r = open_protocol(&o, body->proto);
	else if (body->kind == SLUICE_AGENT_TUNNEL_GRE)
		r = open_gre(&o);
	else
		r = open_in_udp(&o, body->kind);
	body->at = o.cur.pos - frame.pos;
	body->left = o.left;
	body->family = o.family;
	return r;
}

static __always_inline enum verdict open_tunnel(struct tunnel_packet *pkt)
{
	struct tunnel_body body = {
	    .at = ETH_HLEN + pkt->outer_len,
	    .left = pkt->outer.len - pkt->outer_len,
	    .proto = pkt->proto,
	    .kind = pkt->kind,
	};
	const int r = read_tunnel(pkt->ctx, &body);

	if (r != OPENED)
		return refuse(pkt, r);
	pkt->cur = hook_packet(pkt->ctx);
	if (!take(&pkt->cur, body.at & OPEN_MAX))
		return refuse(pkt, SLUICE_AGENT_DROP_TUNNEL_LENGTH);
	pkt->outer_len = body.at - ETH_HLEN;
	pkt->carried = body.left;
	pkt->inner.family = body.family;
	return V_NEXT;
}
