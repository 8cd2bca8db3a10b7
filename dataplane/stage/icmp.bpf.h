// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 5: ICMP to a VIP. An echo request is answered; an error belongs to whoever sent the packet
// it quotes, so the quoted flow, turned round, takes the place of the packet's own.
#pragma once

#include "net/addr.h"
#include "net/icmp.h"
#include "net/ip.h"
#include "net/ipv6_chain.h"
#include "packet.bpf.h"

enum {
	QUOTED_L4 = 8, // bytes of the quoted packet's payload that must be there (RFC 792)
};

// The quoted packet went from the VIP to a client: as a flow, it comes from the client. `c` stands
// at its L4 header, behind `headers` bytes of quoted IP headers.
static __always_inline enum verdict quote_l4(struct packet *pkt, struct cursor *c, __u8 proto,
					     __u32 headers)
{
	const struct l4_ports *ports;

	if (ICMP_HEADER + headers + QUOTED_L4 > pkt->l4_len)
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	ports = take(c, QUOTED_L4);
	if (!ports)
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6)
		return pass(pkt, SLUICE_PASS_ICMP); // about an answer of ours, or the host's
	pkt->flow.proto = proto;
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP) {
		pkt->flow.sport = ports->dest;
		pkt->flow.dport = ports->source;
	}
	pkt->is_error = 1;
	return V_NEXT;
}

static __always_inline enum verdict quote_ipv4(struct packet *pkt, struct cursor *c)
{
	const struct iphdr *ip = take_hdr(c, iphdr);
	__u32 header;

	if (!ip)
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	header = ipv4_header_len(ip);
	if (ip->version != 4 || header < IPV4_MIN_HEADER || ip->frag_off & bpf_htons(IPV4_OFFSET) ||
	    ip->saddr != pkt->flow.dst.word[3])
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	pkt->flow.src.word[3] = ip->daddr;
	if (!take(c, header - IPV4_MIN_HEADER))
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	return quote_l4(pkt, c, ip->protocol, header);
}

static __always_inline enum verdict quote_ipv6(struct packet *pkt, struct cursor *c)
{
	const struct ipv6hdr *ip = take_hdr(c, ipv6hdr);
	struct sluice_addr quoted_source;
	struct ipv6_chain chain = {};

	if (!ip || ip->version != 6)
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	addr_from_v6(&quoted_source, &ip->saddr);
	if (!addr_equal(&quoted_source, &pkt->flow.dst))
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	addr_from_v6(&pkt->flow.src, &ip->daddr);
	chain.proto = ip->nexthdr;
	if (is_ipv6_extension(ip->nexthdr) && !follow_chain(pkt, c, &chain))
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	if (is_later_fragment(&chain))
		return drop(pkt, SLUICE_DROP_ICMP_QUOTE);
	return quote_l4(pkt, c, chain.proto, sizeof(*ip) + chain.len);
}

static __always_inline enum verdict steer_icmp4(struct packet *pkt)
{
	struct cursor c = pkt->cur;
	const struct icmp_header *icmp = take_hdr(&c, icmp_header);

	if (!icmp)
		return drop(pkt, SLUICE_DROP_L4_HEADER);
	switch (icmp->type) {
	case ICMP4_ECHO:
		return reply_echo(pkt);
	case ICMP4_UNREACHABLE:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAMETER_PROBLEM:
		return quote_ipv4(pkt, &c);
	default:
		return pass(pkt, SLUICE_PASS_ICMP);
	}
}

static __always_inline enum verdict steer_icmp6(struct packet *pkt)
{
	struct cursor c = pkt->cur;
	const struct icmp_header *icmp = take_hdr(&c, icmp_header);

	if (!icmp)
		return drop(pkt, SLUICE_DROP_L4_HEADER);
	switch (icmp->type) {
	case ICMP6_ECHO:
		return reply_echo(pkt);
	case ICMP6_UNREACHABLE:
	case ICMP6_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
	case ICMP6_PARAMETER_PROBLEM:
		return quote_ipv6(pkt, &c);
	default:
		return pass(pkt, SLUICE_PASS_ICMP);
	}
}

// A fragment of an ICMP message is nobody's but a service's for any protocol.
static __always_inline enum verdict steer_icmp(struct packet *pkt)
{
	if (pkt->fragment != FRAGMENT_NONE)
		return V_NEXT;
	if (pkt->family == 4 && pkt->flow.proto == IPPROTO_ICMP)
		return steer_icmp4(pkt);
	if (pkt->family == 6 && pkt->flow.proto == IPPROTO_ICMPV6)
		return steer_icmp6(pkt);
	return V_NEXT;
}
