// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 1: is it a tunnel packet to this host? Judges nothing else, because a packet that is not
// must be passed whatever is wrong with it.
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "agent/maps.bpf.h"
#include "agent/packet.bpf.h"
#include "net/addr.h"
#include "net/ip.h"

enum {
	// An IPv4 header with all its options, and ports behind it.
	FIND_BYTES = ETH_HLEN + IPV4_MAX_HEADER + sizeof(struct l4_ports),
	ENCAP_LIMIT_BYTES = 8,
};

// Reads the outer header where fields have fixed places. False if the frame ends before.
static __always_inline _Bool read_outer_ipv4(struct tunnel_packet *pkt)
{
	struct cursor c = pkt->cur;
	const struct iphdr *ip = take_hdr(&c, iphdr);

	if (!ip)
		return 0;
	addr_from_v4(&pkt->outer.src, ip->saddr);
	addr_from_v4(&pkt->outer.dst, ip->daddr);
	pkt->outer.family = 4;
	pkt->outer_len = ipv4_header_len(ip);
	pkt->later = (ip->frag_off & bpf_htons(IPV4_OFFSET)) != 0;
	pkt->proto = ip->protocol;
	return 1;
}

// The one extension header that a tunnel may have: how deep tunnels may be nested (RFC
// 2473, 4.1.1). Linux' own tunnels over IPv6 put it there, with this padding, unless told
// otherwise. Nothing ends here that nests tunnels, so the limit itself is not judged.
static __always_inline _Bool is_encap_limit(const __u8 *options)
{
	return options[1] == 0 && options[2] == 4 && options[3] == 1 && options[5] == 1 &&
	       options[6] == 1;
}

static __always_inline void read_encap_limit(struct tunnel_packet *pkt, struct cursor c)
{
	const __u8 *options = take(&c, ENCAP_LIMIT_BYTES);

	if (!options || !is_encap_limit(options))
		return;
	pkt->outer_len += ENCAP_LIMIT_BYTES;
	pkt->proto = options[0];
}

static __always_inline _Bool read_outer_ipv6(struct tunnel_packet *pkt)
{
	struct cursor c = pkt->cur;
	const struct ipv6hdr *ip = take_hdr(&c, ipv6hdr);

	if (!ip)
		return 0;
	addr_from_v6(&pkt->outer.src, &ip->saddr);
	addr_from_v6(&pkt->outer.dst, &ip->daddr);
	pkt->outer.family = 6;
	pkt->outer_len = sizeof(*ip);
	pkt->proto = ip->nexthdr;
	if (pkt->proto == IPPROTO_DSTOPTS)
		read_encap_limit(pkt, c);
	return 1;
}

static __always_inline _Bool read_outer(struct tunnel_packet *pkt)
{
	const struct ethhdr *eth;

	pkt->cur = hook_reach(pkt->ctx, FIND_BYTES);
	eth = take_hdr(&pkt->cur, ethhdr);
	if (!eth || hook_has_tag_aside(pkt->ctx))
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return read_outer_ipv4(pkt);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return read_outer_ipv6(pkt);
	return 0;
}

// Is it UDP to the port of a tunnel?
static __always_inline _Bool find_port(struct tunnel_packet *pkt)
{
	struct cursor c = pkt->cur;
	const struct l4_ports *udp;
	const __u32 *kind;
	__be16 port;

	if (pkt->later || pkt->outer_len < IPV4_MIN_HEADER || !take(&c, pkt->outer_len & 0x3f))
		return 0;
	udp = take_hdr(&c, l4_ports);
	if (!udp)
		return 0;
	port = udp->dest;
	kind = bpf_map_lookup_elem(&ports, &port);
	if (!kind)
		return 0;
	pkt->kind = *kind;
	return 1;
}

static __always_inline _Bool find_kind(struct tunnel_packet *pkt)
{
	switch (pkt->proto) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		pkt->kind = SLUICE_AGENT_TUNNEL_IPIP;
		return 1;
	case IPPROTO_GRE:
		pkt->kind = SLUICE_AGENT_TUNNEL_GRE;
		return 1;
	case IPPROTO_UDP:
		return find_port(pkt);
	default:
		return 0;
	}
}

static __always_inline enum verdict find_tunnel(struct tunnel_packet *pkt)
{
	if (!read_outer(pkt))
		return leave(pkt, SLUICE_AGENT_PASS_NOT_IP);
	if (!find_kind(pkt))
		return leave(pkt, SLUICE_AGENT_PASS_NOT_TUNNEL);
	if (pkt->outer.family == 6 && addr_is_mapped(&pkt->outer.dst))
		return leave(pkt, SLUICE_AGENT_PASS_NOT_LOCAL);
	if (!bpf_map_lookup_elem(&locals, &pkt->outer.dst))
		return leave(pkt, SLUICE_AGENT_PASS_NOT_LOCAL);
	return V_NEXT;
}
