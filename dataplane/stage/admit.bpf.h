// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 3: the packet is for a VIP. Is it what its headers say, and what are its ports?
#pragma once

#include "net/ip.h"
#include "packet.bpf.h"

// Takes the ports of a TCP or UDP packet with `len` bytes of payload behind its IP header.
static __always_inline enum verdict admit_l4(struct packet *pkt, __u32 len)
{
	const __u32 need = l4_min_header(pkt->flow.proto);
	const struct l4_ports *ports;

	if (!need)
		return V_NEXT; // no ports; the service stage knows whether anybody wants it
	ports = take_hdr(&pkt->cur, l4_ports);
	if (!ports || len < need)
		return drop(pkt, SLUICE_DROP_L4_HEADER);
	pkt->flow.sport = ports->source;
	pkt->flow.dport = ports->dest;
	return V_NEXT;
}

static __always_inline enum verdict admit_ipv4(struct packet *pkt)
{
	const __u32 have = pkt->cur.end - pkt->cur.pos;
	const struct iphdr *ip = take_hdr(&pkt->cur, iphdr);
	__u32 header;

	if (!ip)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	header = ipv4_header_len(ip);
	if (ip->version != 4 || header < IPV4_MIN_HEADER)
		return drop(pkt, SLUICE_DROP_IP_HEADER);
	pkt->l3_len = bpf_ntohs(ip->tot_len);
	if (pkt->l3_len < header || pkt->l3_len > have)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	if (ipv4_is_fragment(ip))
		return drop(pkt, SLUICE_DROP_FRAGMENT);
	pkt->flow.proto = ip->protocol;
	pkt->tos = ip->tos;
	if (!take(&pkt->cur, header - IPV4_MIN_HEADER))
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	return admit_l4(pkt, pkt->l3_len - header);
}

static __always_inline enum verdict admit_ipv6(struct packet *pkt)
{
	const __u32 have = pkt->cur.end - pkt->cur.pos;
	const struct ipv6hdr *ip = take_hdr(&pkt->cur, ipv6hdr);
	__u32 payload;

	if (!ip)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	if (ip->version != 6)
		return drop(pkt, SLUICE_DROP_IP_HEADER);
	payload = bpf_ntohs(ip->payload_len);
	if (sizeof(*ip) + payload > have || sizeof(*ip) + payload > 0xffff)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	if (ip->nexthdr == IPPROTO_FRAGMENT)
		return drop(pkt, SLUICE_DROP_FRAGMENT);
	pkt->l3_len = sizeof(*ip) + payload;
	pkt->flow.proto = ip->nexthdr;
	pkt->tos = ipv6_traffic_class(ip);
	return admit_l4(pkt, payload);
}

static __always_inline enum verdict admit(struct packet *pkt)
{
	return pkt->family == 4 ? admit_ipv4(pkt) : admit_ipv6(pkt);
}
