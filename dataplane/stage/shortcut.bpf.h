// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The shortcut: nearly every packet is a whole TCP segment or UDP datagram behind one plain IP
// header. A few comparisons tell; one lookup finds its service, by address, protocol and port, or
// what the stage does where none is on exactly that; and it joins the others. Whatever is not as
// plain, or wrong in any way, is left to the stages, which judge: nothing is dropped here for what
// it is.
//
// What makes it short, and has to be kept: a field is read where it is needed, and once more after
// a lookup, because lookups leave four registers alone and a spill costs more than a read; and what
// is rare is marked so, or clang gives it the registers.
#pragma once

#include "net/l2.h"
#include "net/martian.h"
#include "net/plain_ip.h"
#include "packet.bpf.h"
#include "stage/loop.bpf.h"
#include "stage/service.bpf.h"
#include "stage/vip.bpf.h"

enum {
	PLAIN_MIN = sizeof(struct ethernet) + IPV4_MIN_HEADER + UDP_HEADER,
	NOT_PLAIN = V_NEXT, // the packet wants the whole walk, and nothing has been done to it yet
};

// No service is on exactly the endpoint, but there are prefixes, ranges of ports, any port. V_NEXT:
// the packet has its service now, or, not being plain, none.
static __always_inline enum verdict look_further(struct packet *pkt, struct sluice_addr dst,
						 __u8 proto, __be16 port)
{
	pkt->service = NULL;
	pkt->vip = find_services(pkt->generation, &dst);
	if (!pkt->vip)
		return pass(pkt, SLUICE_PASS_NOT_VIP);
	pkt->flow.proto = proto;
	pkt->flow.dport = port;
	find_service(pkt);
	return V_NEXT;
}

// Is the frame for us, and its packet, which begins at `ip`, as long as it says?
static __always_inline _Bool is_for_us(const struct packet *pkt, const void *frame)
{
	return likely(pkt->l3_len <= pkt->l3_bytes) && likely(hook_is_plain(pkt->ctx)) &&
	       likely(is_our_mac(pkt->generation, frame_mac(frame)));
}

// Is what `proto` says that follows `header` bytes of IP as plain?
static __always_inline _Bool is_plain_l4(const struct packet *pkt, __u32 header, __u8 proto,
					 const struct l4_ports *ports)
{
	if (unlikely(proto != IPPROTO_TCP))
		return proto == IPPROTO_UDP && pkt->l3_len >= header + UDP_HEADER &&
		       !is_tunnel_port(pkt->generation->tunnel_ports, ports->dest);
	return likely(pkt->l3_len >= header + TCP_MIN_HEADER);
}

// May the packet come from where it says? Few sources want the second look.
static __always_inline _Bool is_plain_source_v4(const struct packet *pkt, __be32 src)
{
	struct sluice_addr a;

	if (likely(!is_suspect_v4(pkt->generation, src)))
		return 1;
	addr_from_v4(&a, src);
	return !is_martian_source(&a, 4) && !is_vip(&a);
}

static __always_inline _Bool is_plain_source_v6(const struct packet *pkt,
						const struct sluice_addr *src)
{
	const __u64 high = sluice_addr_high(src);
	struct sluice_addr a;

	if (unlikely(*(const volatile __u8 *)src == 0xff)) // a group's
		return 0;
	if (likely(!is_suspect_v6(pkt->generation, high)))
		return 1;
	a = *src;
	return !is_martian_source(&a, 6) && !is_vip(&a);
}

// The rest of the way, which a plain packet goes with the others.
static __always_inline enum verdict join(struct packet *pkt, const void *ip)
{
	if (!ip)
		__builtin_unreachable(); // which clang cannot know of a packet's bytes
	if (unlikely(!find_flow_member(pkt, ip)))
		return NOT_PLAIN;
	return forward(pkt);
}

// Of frames that carry IPv4, this one, and the other of those that carry IPv6.
static __always_inline enum verdict shorten_ipv4(struct packet *pkt)
{
	const struct cursor c = hook_begin(pkt->ctx);
	const struct ethernet *eth = c.pos;
	const struct plain_ipv4 *ip = c.pos + sizeof(*eth);
	struct vip_name vip;
	enum verdict v;
	__u32 endpoint;

	if (unlikely(c.pos + PLAIN_MIN > c.end))
		return NOT_PLAIN;
	pkt->family = 4;
	pkt->generation = current_generation();
	if (unlikely(!pkt->generation))
		return NOT_PLAIN;
	vip = name_vip(pkt->generation, 0, mapped_low(ip->daddr));
	endpoint = sluice_endpoint(ip->proto, ip->ports.dest);
	pkt->service = entry_of(pkt->generation, &vip, endpoint);
	if (unlikely(!is_on(pkt->service, &vip, endpoint))) {
		v = look_further(pkt, mapped(ip->daddr), ip->proto, ip->ports.dest);
		if (v != V_NEXT || !pkt->service)
			return v;
	}
	pkt->l3_bytes = hook_l3_bytes(pkt, ip);
	pkt->l3_len = bpf_ntohs(ip->first >> 16);
	pkt->tos = *((const volatile __u8 *)ip + 1); // volatile: not out of `first`, kept for that
	if (unlikely(!ipv4_is_plain(ip)) || unlikely(!is_for_us(pkt, eth)) ||
	    unlikely(!is_plain_l4(pkt, sizeof(struct iphdr), ip->proto, &ip->ports)) ||
	    unlikely(!is_plain_source_v4(pkt, ip->saddr)))
		return NOT_PLAIN;
	pkt->l4_len = pkt->l3_len - sizeof(struct iphdr);
	return join(pkt, ip);
}

static __always_inline enum verdict shorten_ipv6(struct packet *pkt)
{
	const struct cursor c = hook_begin(pkt->ctx);
	const struct ethernet *eth = c.pos;
	const struct plain_ipv6 *ip = c.pos + sizeof(*eth);
	struct vip_name vip;
	enum verdict v;
	__u32 endpoint, len;
	__u8 proto;

	if (unlikely((void *)(ip + 1) > c.end))
		return NOT_PLAIN;
	pkt->family = 6;
	pkt->generation = current_generation();
	if (unlikely(!pkt->generation))
		return NOT_PLAIN;
	proto = plain_ipv6_proto(ip);
	vip = name_vip(pkt->generation, sluice_addr_high(&ip->daddr), sluice_addr_low(&ip->daddr));
	endpoint = sluice_endpoint(proto, ip->ports.dest) | SLUICE_OF_IPV6;
	pkt->service = entry_of(pkt->generation, &vip, endpoint);
	if (unlikely(!is_on(pkt->service, &vip, endpoint))) {
		if (unlikely(!ip->daddr.word[0])) // an IPv4 address as we spell it is no IPv6 one
			return NOT_PLAIN;
		v = look_further(pkt, ip->daddr, proto, ip->ports.dest);
		if (v != V_NEXT || !pkt->service)
			return v;
	}
	pkt->l3_bytes = hook_l3_bytes(pkt, ip);
	// A payload that is too long for 16 bits with its header leaves fewer than any plain packet
	// has: is_plain_l4() declines it. Cut to 16 bits here, and not in each place that reads it.
	len = (__u16)(sizeof(struct ipv6hdr) + plain_ipv6_payload(ip));
	barrier_var(len);
	if (len > 0xffff)
		__builtin_unreachable();
	pkt->l3_len = len;
	pkt->tos = plain_ipv6_tos(ip);
	if (unlikely(!ipv6_is_plain(ip)) || unlikely(!is_for_us(pkt, eth)) ||
	    unlikely(!is_plain_l4(pkt, sizeof(struct ipv6hdr), proto, &ip->ports)) ||
	    unlikely(!is_plain_source_v6(pkt, &ip->saddr)))
		return NOT_PLAIN;
	pkt->l4_len = pkt->l3_len - sizeof(struct ipv6hdr);
	return join(pkt, ip);
}
