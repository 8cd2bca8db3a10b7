// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 4: is the inner packet what its header says, and is it for one of our VIPs?
//
// Nothing comes out of the tunnel that could not have come from a client to a VIP: whoever can
// send as a balancer reaches the VIPs, and nothing else on this host or behind it.
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "agent/maps.bpf.h"
#include "agent/packet.bpf.h"
#include "net/addr.h"
#include "net/ip.h"
#include "net/martian.h"

static __always_inline enum verdict admit_inner_ipv4(struct tunnel_packet *pkt)
{
	struct cursor peek = pkt->cur;
	const struct iphdr *ip = take_hdr(&peek, iphdr);
	__u32 header;

	if (!ip || pkt->carried < sizeof(*ip))
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_LENGTH);
	header = ipv4_header_len(ip);
	if (ip->version != 4 || header < IPV4_MIN_HEADER)
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_HEADER);
	pkt->inner.len = bpf_ntohs(ip->tot_len);
	if (pkt->inner.len < header || pkt->inner.len > pkt->carried)
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_LENGTH);
	if (ip->ttl == 0)
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_TTL);
	addr_from_v4(&pkt->inner.src, ip->saddr);
	addr_from_v4(&pkt->inner.dst, ip->daddr);
	pkt->inner.tos = ip->tos;
	return V_NEXT;
}

static __always_inline enum verdict admit_inner_ipv6(struct tunnel_packet *pkt)
{
	struct cursor peek = pkt->cur;
	const struct ipv6hdr *ip = take_hdr(&peek, ipv6hdr);
	__u32 len;

	if (!ip || pkt->carried < sizeof(*ip))
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_LENGTH);
	if (ip->version != 6)
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_HEADER);
	len = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (len > pkt->carried)
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_LENGTH);
	pkt->inner.len = len;
	if (ip->hop_limit == 0)
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_TTL);
	addr_from_v6(&pkt->inner.src, &ip->saddr);
	addr_from_v6(&pkt->inner.dst, &ip->daddr);
	pkt->inner.tos = ipv6_traffic_class(ip);
	return V_NEXT;
}

static __always_inline enum verdict admit_addresses(struct tunnel_packet *pkt)
{
	const struct ip_layer *inner = &pkt->inner;

	// The kernel drops most of these itself, but not a VIP that claims to be its own client
	// over IPv6.
	if (is_martian_source(&inner->src, inner->family) || addr_equal(&inner->src, &inner->dst))
		return refuse(pkt, SLUICE_AGENT_DROP_INNER_SOURCE);
	if (inner->family == 6 && addr_is_mapped(&inner->dst))
		return refuse(pkt, SLUICE_AGENT_DROP_NOT_OUR_VIP);
	if (!bpf_map_lookup_elem(&vips, &inner->dst))
		return refuse(pkt, SLUICE_AGENT_DROP_NOT_OUR_VIP);
	return V_NEXT;
}

static __always_inline enum verdict admit_inner(struct tunnel_packet *pkt)
{
	const enum verdict v =
	    pkt->inner.family == 4 ? admit_inner_ipv4(pkt) : admit_inner_ipv6(pkt);

	if (v != V_NEXT)
		return v;
	// Segments of one TCP connection are merged with all headers in mind, and nothing is behind
	// them; UDP packets with none, and the next one is.
	if (hook_merged(pkt->ctx) && pkt->inner.len < pkt->carried)
		return refuse(pkt, SLUICE_AGENT_DROP_MERGED);
	return admit_addresses(pkt);
}
