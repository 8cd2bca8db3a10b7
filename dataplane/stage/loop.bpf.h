// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 4: has a packet of our own tunnels come back to a VIP? Nothing else would stop it from
// going round, longer by a header each time.
#pragma once

#include "net/addr.h"
#include "net/ip.h"
#include "packet.bpf.h"
#include "stage/vip.bpf.h"

// A global function, verified by itself.
__attribute__((noinline)) int is_our_source(struct sluice_addr *addr)
{
	const struct sluice_generation *g = current_generation();

	if (!g || !addr)
		return 0;
	for (int i = 0; i < SLUICE_MAX_SOURCES; i++) // unused ones are ::, nobody's source
		if (addr_equal(&g->source[i], addr))
			return 1;
	return 0;
}

// Is `port` one of the four 16-bit lanes of `ports`? (Mycroft's test for a zero lane, of their
// differences; unused lanes are port 0.)
static __always_inline _Bool is_tunnel_port(__u64 ports, __be16 port)
{
	const __u64 ones = 0x0001000100010001ull;
	const __u64 difference = ports ^ ones * port;

	return ((difference - ones) & ~difference & ones << 15) != 0;
}

// Could the packet be one of our tunnels'?
static __always_inline _Bool looks_like_tunnel(const struct packet *pkt)
{
	switch (pkt->flow.proto) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
		return 1;
	case IPPROTO_UDP:
		return is_tunnel_port(pkt->generation->tunnel_ports, pkt->flow.dport);
	default:
		return 0;
	}
}

// An IP header in the payload that announces another one: the second round of a loop between two
// balancers, each of which has a VIP of the other as its backend.
static __always_inline _Bool is_nested_twice(const struct packet *pkt)
{
	struct cursor c = pkt->cur;
	__u8 inner;

	if (pkt->flow.proto == IPPROTO_IPIP) {
		const struct iphdr *ip = take_hdr(&c, iphdr);

		if (!ip)
			return 0;
		inner = ip->protocol;
	} else if (pkt->flow.proto == IPPROTO_IPV6) {
		const struct ipv6hdr *ip = take_hdr(&c, ipv6hdr);

		if (!ip)
			return 0;
		inner = ip->nexthdr;
	} else {
		return 0;
	}
	return inner == IPPROTO_IPIP || inner == IPPROTO_IPV6;
}

static __always_inline enum verdict refuse_loop(struct packet *pkt)
{
	struct sluice_addr source;

	if (!looks_like_tunnel(pkt))
		return V_NEXT;
	source = pkt->flow.src;
	if (is_our_source(&source) || is_nested_twice(pkt))
		return drop(pkt, SLUICE_DROP_LOOP);
	return V_NEXT;
}
