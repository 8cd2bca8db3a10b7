// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 3: the packet is for a VIP. Is it what its headers say, and what are its ports?
#pragma once

#include "net/ip.h"
#include "net/ipv6_chain.h"
#include "net/martian.h"
#include "packet.bpf.h"

// Sorts a fragment of `len` bytes of payload at `offset` bytes of its datagram, to whose length the
// headers in front of it count, too. The second unit of a datagram overlaps its TCP header: RFC
// 3128.
static __always_inline enum verdict admit_fragment(struct packet *pkt, __u32 offset, __u32 len,
						   __u32 headers, _Bool more)
{
	if (len == 0 || headers + offset + len > 0xffff || (more && len % FRAGMENT_UNIT))
		return drop(pkt, SLUICE_DROP_FRAGMENT_BOUNDS);
	if (offset == FRAGMENT_UNIT && pkt->flow.proto == IPPROTO_TCP)
		return drop(pkt, SLUICE_DROP_FRAGMENT_BOUNDS);
	pkt->fragment = offset ? FRAGMENT_LATER : FRAGMENT_FIRST;
	return V_NEXT;
}

static __always_inline enum verdict admit_tcp(struct packet *pkt)
{
	struct cursor c = pkt->cur;
	const struct tcphdr *tcp = take_hdr(&c, tcphdr);

	if (!tcp)
		return drop(pkt, SLUICE_DROP_L4_HEADER);
	pkt->tcp_flags = ((const __u8 *)tcp)[TCP_FLAGS_AT];
	return V_NEXT;
}

// Takes the ports, which the first fragment of a datagram must have whole (RFC 1858, RFC 7112).
static __always_inline enum verdict admit_l4(struct packet *pkt)
{
	const __u32 need = l4_min_header(pkt->flow.proto);
	const struct l4_ports *ports;

	if (!need || pkt->fragment == FRAGMENT_LATER)
		return V_NEXT;
	if (pkt->l4_len < need)
		return drop(pkt, SLUICE_DROP_L4_HEADER);
	if (pkt->flow.proto == IPPROTO_ICMP || pkt->flow.proto == IPPROTO_ICMPV6)
		return V_NEXT;
	struct cursor c = pkt->cur;

	ports = take_hdr(&c, l4_ports);
	if (!ports)
		return drop(pkt, SLUICE_DROP_L4_HEADER);
	pkt->flow.sport = ports->source;
	pkt->flow.dport = ports->dest;
	return pkt->flow.proto == IPPROTO_TCP ? admit_tcp(pkt) : V_NEXT;
}

static __always_inline enum verdict admit_ipv4(struct packet *pkt)
{
	const struct iphdr *ip = take_hdr(&pkt->cur, iphdr);
	enum verdict v = V_NEXT;
	__u32 header;
	__u16 fragment;

	if (!ip)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	header = ipv4_header_len(ip);
	if (ip->version != 4 || header < IPV4_MIN_HEADER)
		return drop(pkt, SLUICE_DROP_IP_HEADER);
	pkt->l3_len = bpf_ntohs(ip->tot_len);
	if (pkt->l3_len < header || pkt->l3_len > pkt->l3_bytes)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	if (ip->ttl == 0)
		return drop(pkt, SLUICE_DROP_TTL);
	if (is_martian_source(&pkt->flow.src, 4) || ip->saddr == ip->daddr)
		return drop(pkt, SLUICE_DROP_MARTIAN);
	pkt->l4_len = pkt->l3_len - header;
	pkt->flow.proto = ip->protocol;
	pkt->tos = ip->tos;
	fragment = bpf_ntohs(ip->frag_off);
	if (ipv4_is_fragment(ip)) {
		pkt->fragment_id = ip->id;
		v = admit_fragment(pkt, (fragment & IPV4_OFFSET) * FRAGMENT_UNIT, pkt->l4_len,
				   header, fragment & IPV4_MORE_FRAGMENTS);
	}
	if (v != V_NEXT)
		return v;
	if (!take(&pkt->cur, header - IPV4_MIN_HEADER))
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	return admit_l4(pkt);
}

static __always_inline enum verdict admit_chain(struct packet *pkt, __u8 proto, __u32 payload)
{
	struct ipv6_chain chain = {.proto = proto};
	__u16 offset;
	_Bool more;

	if (!follow_chain(pkt, &pkt->cur, &chain) || chain.len > payload)
		return drop(pkt, SLUICE_DROP_IPV6_CHAIN);
	offset = bpf_ntohs(chain.offset);
	more = offset & IPV6_FRAGMENT_MORE;
	pkt->flow.proto = chain.proto;
	pkt->l4_len = payload - chain.len;
	if (!chain.fragmented || (!more && !(offset & IPV6_FRAGMENT_OFFSET)))
		return V_NEXT; // an atomic fragment is a whole datagram: RFC 6946
	pkt->fragment_id = chain.id;
	return admit_fragment(pkt, offset & IPV6_FRAGMENT_OFFSET, pkt->l4_len,
			      chain.len - sizeof(struct ipv6_fragment), more);
}

static __always_inline enum verdict admit_ipv6(struct packet *pkt)
{
	const struct ipv6hdr *ip = take_hdr(&pkt->cur, ipv6hdr);
	enum verdict v = V_NEXT;
	__u32 payload;

	if (!ip)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	if (ip->version != 6)
		return drop(pkt, SLUICE_DROP_IP_HEADER);
	payload = bpf_ntohs(ip->payload_len);
	if (sizeof(*ip) + payload > pkt->l3_bytes || sizeof(*ip) + payload > 0xffff)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	if (ip->hop_limit == 0)
		return drop(pkt, SLUICE_DROP_TTL);
	if (is_martian_source(&pkt->flow.src, 6) || addr_equal(&pkt->flow.src, &pkt->flow.dst))
		return drop(pkt, SLUICE_DROP_MARTIAN);
	pkt->l3_len = sizeof(*ip) + payload;
	pkt->tos = ipv6_traffic_class(ip);
	pkt->flow.proto = ip->nexthdr;
	pkt->l4_len = payload;
	if (is_ipv6_extension(ip->nexthdr))
		v = admit_chain(pkt, ip->nexthdr, payload);
	return v == V_NEXT ? admit_l4(pkt) : v;
}

// The walk begins anew at the IP header: a fresh cursor, whose place the verifier knows no better
// for each number of VLAN tags, so that it looks at what follows once and not three times.
static __always_inline enum verdict admit(struct packet *pkt)
{
	pkt->cur = hook_whole(pkt->ctx);
	if (!take(&pkt->cur, l2_len(pkt)))
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	pkt->l3_bytes = hook_l3_bytes(pkt, pkt->cur.pos);
	return pkt->family == 4 ? admit_ipv4(pkt) : admit_ipv6(pkt);
}
