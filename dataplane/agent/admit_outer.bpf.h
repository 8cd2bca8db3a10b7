// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 2: a tunnel packet to this host. Is its outer header true, and may its sender send it?
//
// Everything is judged here that the kernel judges when it receives an IP packet: it will never
// see the outer header.
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "agent/maps.bpf.h"
#include "agent/packet.bpf.h"
#include "net/checksum.h"
#include "net/ip.h"
#include "net/martian.h"

// Takes an IPv4 header of `len` bytes, options and all, and adds its 16-bit words to `sum`. False
// if the frame ends before.
static __always_inline _Bool take_ipv4_header(struct cursor *c, __u32 len, __u32 *sum)
{
	for (__u32 i = 0; i < IPV4_MAX_HEADER && i < len; i += sizeof(__u32)) {
		const __u32 *word = take(c, sizeof(*word));

		if (!word)
			return 0;
		*sum += (*word & 0xffff) + (*word >> 16);
	}
	return 1;
}

static __always_inline enum verdict admit_outer_ipv4(struct tunnel_packet *pkt)
{
	const __u32 have = hook_bytes(pkt->ctx) - ETH_HLEN;
	struct cursor peek = pkt->cur;
	const struct iphdr *ip = take_hdr(&peek, iphdr);
	__u32 header, sum = 0;

	if (!ip)
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_LENGTH);
	header = ipv4_header_len(ip);
	if (ip->version != 4 || header < IPV4_MIN_HEADER)
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_HEADER);
	pkt->outer.len = bpf_ntohs(ip->tot_len);
	if (pkt->outer.len < header || pkt->outer.len > have)
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_LENGTH);
	if (ipv4_is_fragment(ip))
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_FRAGMENT);
	pkt->outer.tos = ip->tos;
	pkt->outer_len = header;
	if (!take_ipv4_header(&pkt->cur, header, &sum))
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_LENGTH);
	if (csum_fold(sum) != 0xffff)
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_CHECKSUM);
	return V_NEXT;
}

static __always_inline enum verdict admit_outer_ipv6(struct tunnel_packet *pkt)
{
	const __u32 have = hook_bytes(pkt->ctx) - ETH_HLEN;
	struct cursor peek = pkt->cur;
	const struct ipv6hdr *ip = take_hdr(&peek, ipv6hdr);
	__u32 len;

	if (!ip)
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_LENGTH);
	if (ip->version != 6)
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_HEADER);
	len = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (len < pkt->outer_len || len > have || len > 0xffff)
		return refuse(pkt, SLUICE_AGENT_DROP_OUTER_LENGTH);
	pkt->outer.len = len;
	pkt->outer.tos = ipv6_traffic_class(ip);
	return V_NEXT;
}

// A martian is refused even where the operator allows 0.0.0.0/0 or ::/0.
static __always_inline _Bool source_is_allowed(const struct ip_layer *outer)
{
	struct sluice_prefix key = {.length = 8 * sizeof(key.word)};

	for (int i = 0; i < 4; i++)
		key.word[i] = outer->src.word[i];
	return !is_martian_source(&outer->src, outer->family) &&
	       bpf_map_lookup_elem(&allowed, &key);
}

static __always_inline enum verdict admit_outer(struct tunnel_packet *pkt)
{
	const enum verdict v =
	    pkt->outer.family == 4 ? admit_outer_ipv4(pkt) : admit_outer_ipv6(pkt);

	if (v != V_NEXT)
		return v;
	if (!source_is_allowed(&pkt->outer))
		return refuse(pkt, SLUICE_AGENT_DROP_SOURCE);
	return V_NEXT;
}
