// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 1: where is the packet going? Reads addresses and judges nothing, because a packet that is
// not for a VIP must be passed whatever else is wrong with it.
#pragma once

#include "net/addr.h"
#include "net/l2.h"
#include "net/ip.h"
#include "packet.bpf.h"

static __always_inline enum verdict parse_ipv4(struct packet *pkt)
{
	struct cursor c = pkt->cur;
	const struct iphdr *ip = take_hdr(&c, iphdr);

	if (!ip)
		return pass(pkt, SLUICE_PASS_NOT_IP);
	addr_from_v4(&pkt->flow.src, ip->saddr);
	addr_from_v4(&pkt->flow.dst, ip->daddr);
	pkt->family = 4;
	return V_NEXT;
}

static __always_inline enum verdict parse_ipv6(struct packet *pkt)
{
	struct cursor c = pkt->cur;
	const struct ipv6hdr *ip = take_hdr(&c, ipv6hdr);

	if (!ip)
		return pass(pkt, SLUICE_PASS_NOT_IP);
	addr_from_v6(&pkt->flow.src, &ip->saddr);
	addr_from_v6(&pkt->flow.dst, &ip->daddr);
	if (addr_is_mapped(&pkt->flow.dst))
		return pass(pkt, SLUICE_PASS_NOT_VIP); // our spelling of an IPv4 VIP, on the wire
	pkt->family = 6;
	return V_NEXT;
}

// Takes the tags of a tagged frame; a third one is not IP to us.
static __always_inline __be16 parse_vlan(struct packet *pkt, __be16 type)
{
	for (int i = 0; i < MAX_VLAN_TAGS && is_vlan(type); i++) {
		const struct vlan_tag *tag = take_hdr(&pkt->cur, vlan_tag);

		if (!tag)
			return 0;
		pkt->tags[i] = (__u32)tag->tci << 16 | type;
		pkt->tag_len += VLAN_TAG;
		type = tag->next_type;
	}
	if (pkt->tag_len == MAX_VLAN_TAGS * VLAN_TAG && hook_has_tag_aside(pkt->ctx))
		return 0;
	return type;
}

static __always_inline enum verdict parse(struct packet *pkt)
{
	const struct ethernet *eth = take_hdr(&pkt->cur, ethernet);
	__be16 type;

	if (!eth)
		return pass(pkt, SLUICE_PASS_NOT_IP);
	type = parse_vlan(pkt, eth->type);
	switch (type) {
	case bpf_htons(ETH_P_IP):
		return parse_ipv4(pkt);
	case bpf_htons(ETH_P_IPV6):
		return parse_ipv6(pkt);
	default:
		return pass(pkt, SLUICE_PASS_NOT_IP);
	}
}
