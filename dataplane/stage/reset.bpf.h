// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The answer to TCP for a service without a usable backend, where its policy is to reset: what a
// host without a listener says (RFC 9293, 3.10.7.1), so that clients need not wait to find out.
#pragma once

#include <linux/tcp.h>
#include "net/addr.h"
#include "net/checksum.h"
#include "net/ip.h"
#include "packet.bpf.h"
#include "stage/chain.bpf.h"
#include "stage/reply.bpf.h"

// The segment at byte `at` of the frame, of `len` bytes, asks for an answer: it is in order, and no
// reset itself. Its checksum is not looked at: merged segments have none, and the receiver of a
// reset judges it by its own numbers. Global functions, this and the next, verified by themselves.
__attribute__((noinline)) int asks_for_reset(struct hook_ctx *ctx, __u32 at, __u32 len)
{
	struct cursor c = hook_packet(ctx);
	const struct tcphdr *tcp;

	if (at > CHAIN_MAX || !take(&c, at))
		return 0;
	tcp = take_hdr(&c, tcphdr);
	return tcp && !tcp->rst && tcp->doff * 4 >= TCP_MIN_HEADER && tcp->doff * 4 <= len;
}

// What an answer needs to know of its cause. The main program's stack leaves little room for more.
struct reset {
	struct {
		struct sluice_addr from; // the VIP
		struct sluice_addr to;
	} ends;
	struct l4_ports ports; // of the cause
	__be32 seq;
	__be32 ack_seq;
	_Bool ack;
};

static __always_inline _Bool read_segment(struct cursor *c, __u32 len, struct reset *r)
{
	const struct tcphdr *tcp = take_hdr(c, tcphdr);

	if (!tcp)
		return 0;
	r->ports.source = tcp->source;
	r->ports.dest = tcp->dest;
	r->ack = !tcp->ack;
	r->seq = tcp->ack ? tcp->ack_seq : 0;
	len += tcp->syn + tcp->fin - tcp->doff * 4;
	r->ack_seq = tcp->ack ? 0 : bpf_htonl(bpf_ntohl(tcp->seq) + len);
	return 1;
}

static __always_inline _Bool read_addresses(struct cursor c, __u32 family, struct reset *r)
{
	const struct ipv6hdr *ip6;
	const struct iphdr *ip4;

	if (family == 4) {
		ip4 = take_hdr(&c, iphdr);
		if (!ip4)
			return 0;
		addr_from_v4(&r->ends.from, ip4->daddr);
		addr_from_v4(&r->ends.to, ip4->saddr);
		return 1;
	}
	ip6 = take_hdr(&c, ipv6hdr);
	if (!ip6)
		return 0;
	addr_from_v6(&r->ends.from, &ip6->daddr);
	addr_from_v6(&r->ends.to, &ip6->saddr);
	return 1;
}

static __always_inline _Bool write_ip4(struct cursor *c, const struct reset *r)
{
	struct iphdr *ip = take_hdr(c, iphdr);

	if (!ip)
		return 0;
	*ip = (struct iphdr){
	    .version = 4,
	    .ihl = sizeof(*ip) / 4,
	    .tot_len = bpf_htons(sizeof(*ip) + TCP_MIN_HEADER),
	    .frag_off = bpf_htons(IPV4_DONT_FRAGMENT),
	    .ttl = REPLY_TTL,
	    .protocol = IPPROTO_TCP,
	    .saddr = r->ends.from.word[3],
	    .daddr = r->ends.to.word[3],
	};
	ip->check = ~csum_words(ip, sizeof(*ip) / 2);
	return 1;
}

static __always_inline _Bool write_ip6(struct cursor *c, const struct reset *r)
{
	struct ipv6hdr *ip = take_hdr(c, ipv6hdr);

	if (!ip)
		return 0;
	*ip = (struct ipv6hdr){
	    .version = 6,
	    .payload_len = bpf_htons(TCP_MIN_HEADER),
	    .nexthdr = IPPROTO_TCP,
	    .hop_limit = REPLY_TTL,
	};
	addr_to_v6(&ip->saddr, &r->ends.from);
	addr_to_v6(&ip->daddr, &r->ends.to);
	return 1;
}

// The pseudo header of both families: what makes an IPv4 address one of ours, ::ffff, adds nothing
// to a one's complement sum.
static __always_inline _Bool write_tcp(struct cursor *c, const struct reset *r)
{
	struct tcphdr *tcp = take_hdr(c, tcphdr);
	__u64 sum = bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(*tcp));

	if (!tcp)
		return 0;
	*tcp = (struct tcphdr){
	    .source = r->ports.dest,
	    .dest = r->ports.source,
	    .seq = r->seq,
	    .ack_seq = r->ack_seq,
	    .doff = sizeof(*tcp) / 4,
	    .rst = 1,
	    .ack = r->ack,
	};
	sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)&r->ends, sizeof(r->ends), 0);
	sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)tcp, sizeof(*tcp), 0);
	tcp->check = ~csum_fold64(sum);
	return 1;
}

// Turns the packet, with `tags` bytes of VLAN tags, `headers` of IP headers and a TCP segment of
// `len` bytes, into a reset to its sender. True if it did.
__attribute__((noinline)) int answer_reset(struct hook_ctx *ctx, __u32 family, __u32 tags,
					   __u32 headers, __u32 len)
{
	const __u32 tag_bytes = tags & (VLAN_TAG | 2 * VLAN_TAG);
	const __u32 ip = family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct cursor c = hook_packet(ctx);
	struct ethhdr *eth = take_hdr(&c, ethhdr);
	struct reset r = {};

	if (!eth || !take(&c, tag_bytes) || !read_addresses(c, family, &r))
		return 0;
	// CHAIN_MAX is more than asks_for_reset() lets through.
	if (!take(&c, headers & CHAIN_MAX) || !read_segment(&c, len, &r))
		return 0;
	swap_macs(eth);
	// Or clang keeps a second copy of it all on the stack, a register for each word.
	asm volatile("" : : "r"(&r) : "memory");
	if (hook_begin_anew(ctx, headers, ETH_HLEN + tag_bytes + ip + TCP_MIN_HEADER))
		return 0;
	c = hook_packet(ctx);
	if (!take(&c, ETH_HLEN + tag_bytes))
		return 0;
	return (family == 4 ? write_ip4(&c, &r) : write_ip6(&c, &r)) && write_tcp(&c, &r);
}

// Never in answer to an ICMP error or to a fragment, whose flags are not those of the whole.
static __always_inline enum verdict reply_reset(struct packet *pkt)
{
	const __u32 headers = pkt->l3_len - pkt->l4_len;

	if (pkt->flow.proto != IPPROTO_TCP || pkt->is_error || pkt->fragment != FRAGMENT_NONE ||
	    !asks_for_reset(pkt->ctx, l2_len(pkt) + headers, pkt->l4_len))
		return drop(pkt, SLUICE_DROP_NO_MEMBER);
	if (!may_reply())
		return drop(pkt, SLUICE_DROP_RATE);
	hook_lift_tags(pkt);
	if (!answer_reset(pkt->ctx, pkt->family, tag_len(pkt), headers, pkt->l4_len) ||
	    hook_put_tags(pkt, 1))
		return drop(pkt, SLUICE_DROP_NO_HEADROOM);
	return reply(pkt, SLUICE_REPLY_RESET);
}
