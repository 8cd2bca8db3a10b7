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
	pkt->proto = ip->protocol;
	return 1;
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
	pkt->proto = ip->nexthdr;
	return 1;
}

static __always_inline _Bool read_outer(struct tunnel_packet *pkt)
{
	const struct ethhdr *eth = take_hdr(&pkt->cur, ethhdr);

	if (!eth)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return read_outer_ipv4(pkt);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return read_outer_ipv6(pkt);
	return 0;
}

static __always_inline enum verdict find_tunnel(struct tunnel_packet *pkt)
{
	if (!read_outer(pkt))
		return leave(pkt, SLUICE_AGENT_PASS_NOT_IP);
	if (pkt->proto != IPPROTO_IPIP && pkt->proto != IPPROTO_IPV6)
		return leave(pkt, SLUICE_AGENT_PASS_NOT_TUNNEL);
	pkt->kind = SLUICE_AGENT_TUNNEL_IPIP;
	if (pkt->outer.family == 6 && addr_is_mapped(&pkt->outer.dst))
		return leave(pkt, SLUICE_AGENT_PASS_NOT_LOCAL);
	if (!bpf_map_lookup_elem(&locals, &pkt->outer.dst))
		return leave(pkt, SLUICE_AGENT_PASS_NOT_LOCAL);
	return V_NEXT;
}
