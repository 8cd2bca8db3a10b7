// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 4: has a packet of our own tunnels come back to a VIP? Nothing else would stop it from
// going round, longer by a header each time.
#pragma once

#include "abi/product.h"
#include "net/ip.h"
#include "packet.bpf.h"

// Is `port` one of the four 16-bit lanes of `ports`? (Mycroft's test for a zero lane, of their
// differences; unused lanes are 0, which is nobody's port.)
static __always_inline _Bool is_tunnel_port(__u64 ports, __be16 port)
{
	const __u64 ones = 0x0001000100010001ull;
	const __u64 difference = ports ^ sluice_product(ones, port);

	return port && ((difference - ones) & ~difference & ones << 15) != 0;
}

// Could a packet be one of our tunnels', with the UDP port `port`?
static __always_inline _Bool is_tunnel(__u64 ports, __u8 proto, __be16 port)
{
	switch (proto) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
		return 1;
	case IPPROTO_UDP:
		return is_tunnel_port(ports, port);
	default:
		return 0;
	}
}

// Moves `c` from a tunnel's UDP header to what it carries. Which tunnel it is, the port alone does
// not say; what our own look like behind it does.
static __always_inline _Bool skip_udp_tunnel(struct cursor *c)
{
	struct cursor peek;
	const __u8 *shim;

	if (!take_hdr(c, udphdr))
		return 0;
	peek = *c;
	shim = take(&peek, sizeof(__u32));
	if (!shim)
		return 0;
	if (shim[0] >> 4 == 4 || shim[0] >> 4 == 6) // FOU, GUE variant 1
		return 1;
	if (shim[0] != 0)
		return 0;
	if (shim[1] == IPPROTO_IPIP || shim[1] == IPPROTO_IPV6) // GUE variant 0
		return take(c, sizeof(__u32)) != NULL;
	return take(c, 2 * sizeof(__u32)) != NULL; // Geneve
}

static __always_inline _Bool skip_tunnel(struct cursor *c, __u8 proto)
{
	switch (proto) {
	case IPPROTO_GRE:
		return take(c, sizeof(__u32)) != NULL;
	case IPPROTO_UDP:
		return skip_udp_tunnel(c);
	default:
		return 1;
	}
}

// Takes an IP header like those of our tunnels, without options. The protocol behind it, or
// IPPROTO_NONE.
static __always_inline __u8 take_plain_ip(struct cursor *c)
{
	struct cursor peek = *c;
	const __u8 *first = take(&peek, 1);
	const struct ipv6hdr *ip6;
	const struct iphdr *ip4;

	if (!first)
		return IPPROTO_NONE;
	if (*first == 0x45) {
		ip4 = take_hdr(c, iphdr);
		return ip4 ? ip4->protocol : IPPROTO_NONE;
	}
	ip6 = take_hdr(c, ipv6hdr);
	return ip6 && *first >> 4 == 6 ? ip6->nexthdr : IPPROTO_NONE;
}

// Is there a tunnel packet in the tunnel packet `proto` at byte `at` of the frame? That is the
// second round of a loop between balancers, each of which has a VIP of the next as its backend.
VERIFIED_ALONE int carries_tunnel(struct hook_ctx *ctx, __u32 at, __u32 proto)
{
	const struct sluice_generation *g = current_generation();
	struct cursor c = hook_packet(ctx);
	const struct l4_ports *ports;
	__u8 inner;

	// Where this is no function of its own, clang compares a wider number than it adds, and the
	// verifier (6.18) says "math between pkt pointer and register with unbounded min value".
	barrier_var(at);
	if (!g || at > CHAIN_MAX || !take(&c, at) || !skip_tunnel(&c, proto))
		return 0;
	inner = take_plain_ip(&c);
	ports = take_hdr(&c, l4_ports);
	return is_tunnel(g->tunnel_ports, inner, ports ? ports->dest : 0);
}

static __always_inline _Bool is_nested(const struct packet *pkt)
{
	const struct cursor start = hook_packet(pkt->ctx);

	return pkt->fragment != FRAGMENT_LATER && // whose payload may be anything
	       carries_tunnel(pkt->ctx, pkt->cur.pos - start.pos, pkt->flow.proto);
}

static __always_inline enum verdict refuse_loop(struct packet *pkt)
{
	if (!is_tunnel(pkt->generation->tunnel_ports, pkt->flow.proto, pkt->flow.dport))
		return V_NEXT;
	if (is_from_us(pkt) || is_nested(pkt))
		return drop(pkt, SLUICE_DROP_LOOP);
	return V_NEXT;
}
