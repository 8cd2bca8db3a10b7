// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Answers of our own: echo replies and "too big". Rate-limited, never larger than what caused them,
// and only ever back out of the interface the cause came in by.
//
// answer_echo() and tell_too_big() are global functions: the verifier looks at them once, by
// themselves, and not once for each of the paths that lead there. They take what they need to know
// from the packet.
#pragma once

#include "config.bpf.h"
#include "maps.bpf.h"
#include "net/checksum.h"
#include "net/l2.h"
#include "net/icmp.h"
#include "net/ip.h"
#include "packet.bpf.h"

#define SECOND 1000000000ull // ns
#define REPLY_BURST (SECOND / 10)

enum {
	REPLY_TTL = 64,
	// How much of a packet that is too big we quote. A round number that fits every limit: 576
	// bytes of IPv4 (RFC 1812, 4.3.2.3), 1280 of IPv6 (RFC 4443, 2.4), 512 of bpf_csum_diff().
	QUOTE = 512,
};

// A token bucket per CPU, in nanoseconds of waiting.
static __always_inline _Bool may_reply(void)
{
	const __u32 zero = 0, rate = cfg_replies_per_second;
	struct sluice_bucket *b = bpf_map_lookup_elem(&reply_bucket, &zero);
	const __u64 now = bpf_ktime_get_ns();
	const __u64 price = rate ? SECOND / rate : 0;

	if (!b || !price)
		return 0;
	b->tokens += now - b->filled;
	b->filled = now;
	if (b->tokens > REPLY_BURST + price)
		b->tokens = REPLY_BURST + price;
	if (b->tokens < price)
		return 0;
	b->tokens -= price;
	return 1;
}

// RFC 1624: the checksum after one 16-bit word of what it covers has changed.
static __always_inline __u16 csum_replace(__u16 check, __u16 from, __u16 to)
{
	return ~csum_fold((__u16)~check + (__u16)~from + (__u32)to);
}

static __always_inline void swap_macs(struct ethhdr *eth)
{
	unsigned char to[ETH_ALEN];

	__builtin_memcpy(to, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, to, ETH_ALEN);
}

static __always_inline _Bool answer_echo4(struct cursor *c)
{
	struct iphdr *ip = take_hdr(c, iphdr);
	struct icmp_header *icmp = ip ? take_hdr(c, icmp_header) : NULL;
	__u16 before;
	__be32 vip;

	if (!icmp)
		return 0;
	vip = ip->daddr;
	ip->daddr = ip->saddr;
	ip->saddr = vip;
	before = bpf_htons(ip->ttl << 8);
	ip->ttl = REPLY_TTL;
	ip->check = csum_replace(ip->check, before, bpf_htons(REPLY_TTL << 8));
	icmp->type = ICMP4_ECHO_REPLY;
	icmp->checksum = csum_replace(icmp->checksum, bpf_htons(ICMP4_ECHO << 8),
				      bpf_htons(ICMP4_ECHO_REPLY << 8));
	return 1;
}

static __always_inline _Bool answer_echo6(struct cursor *c)
{
	struct ipv6hdr *ip = take_hdr(c, ipv6hdr);
	struct icmp_header *icmp = ip ? take_hdr(c, icmp_header) : NULL;
	struct in6_addr vip;

	if (!icmp)
		return 0;
	vip = ip->daddr;
	ip->daddr = ip->saddr;
	ip->saddr = vip;
	ip->hop_limit = REPLY_TTL;
	icmp->type = ICMP6_ECHO_REPLY;
	icmp->checksum = csum_replace(icmp->checksum, bpf_htons(ICMP6_ECHO << 8),
				      bpf_htons(ICMP6_ECHO_REPLY << 8));
	return 1;
}

// Turns the echo request in the frame, with `tags` bytes of VLAN tags, into its reply. Checksums
// are mended, not made anew: of a request that was damaged on the way the reply is, too, and
// whoever gets it sees that. True if it did.
__attribute__((noinline)) int answer_echo(struct hook_ctx *ctx, __u32 family, __u32 tags)
{
	struct cursor c = hook_packet(ctx);
	struct ethhdr *eth = take_hdr(&c, ethhdr);

	if (!eth || !take(&c, tags & (VLAN_TAG | 2 * VLAN_TAG)))
		return 0;
	swap_macs(eth);
	return family == 4 ? answer_echo4(&c) : answer_echo6(&c);
}

// Everything in front of the IP header: room for two tags, of which `tags` bytes are there.
struct l2_header {
	unsigned char to[ETH_ALEN];
	unsigned char from[ETH_ALEN];
	__u16 rest[MAX_VLAN_TAGS * VLAN_TAG / 2 + 1];
};

static __always_inline _Bool read_tag(struct cursor *c, __u16 *to)
{
	const __u16 *tag = take(c, VLAN_TAG);

	if (!tag)
		return 0;
	to[0] = tag[0];
	to[1] = tag[1];
	return 1;
}

static __always_inline _Bool write_tag(struct cursor *c, const __u16 *from)
{
	__u16 *tag = take(c, VLAN_TAG);

	if (!tag)
		return 0;
	tag[0] = from[0];
	tag[1] = from[1];
	return 1;
}

static __always_inline _Bool read_l2(struct cursor *c, struct l2_header *l2, __u32 tags)
{
	const struct ethhdr *eth = take_hdr(c, ethhdr);

	if (!eth)
		return 0;
	__builtin_memcpy(l2, eth, sizeof(*eth));
	if (tags >= VLAN_TAG && !read_tag(c, l2->rest + 1))
		return 0;
	return tags < 2 * VLAN_TAG || read_tag(c, l2->rest + 3);
}

static __always_inline _Bool write_l2(struct cursor *c, const struct l2_header *l2, __u32 tags)
{
	struct ethhdr *eth = take_hdr(c, ethhdr);

	if (!eth)
		return 0;
	__builtin_memcpy(eth, l2, sizeof(*eth));
	if (tags >= VLAN_TAG && !write_tag(c, l2->rest + 1))
		return 0;
	return tags < 2 * VLAN_TAG || write_tag(c, l2->rest + 3);
}

// `c` stands behind the Ethernet header: writes what belongs in front of the quoted packet.
static __always_inline _Bool write_too_big4(struct cursor *c, __u32 mtu)
{
	struct iphdr *ip = take_hdr(c, iphdr);
	struct icmp_header *icmp = ip ? take_hdr(c, icmp_header) : NULL;
	struct iphdr *quote = icmp ? take(c, QUOTE) : NULL;

	if (!quote)
		return 0;
	*ip = (struct iphdr){
	    .version = 4,
	    .ihl = sizeof(*ip) / 4,
	    .tot_len = bpf_htons(sizeof(*ip) + sizeof(*icmp) + QUOTE),
	    .frag_off = bpf_htons(IPV4_DONT_FRAGMENT),
	    .ttl = REPLY_TTL,
	    .protocol = IPPROTO_ICMP,
	    .saddr = quote->daddr,
	    .daddr = quote->saddr,
	};
	ip->check = ~csum_words(ip, sizeof(*ip) / 2);
	*icmp = (struct icmp_header){.type = ICMP4_UNREACHABLE, .code = ICMP4_FRAGMENTATION_NEEDED};
	icmp->mtu4 = bpf_htons(mtu);
	icmp->checksum =
	    ~csum_fold64((__u64)(__u32)bpf_csum_diff(NULL, 0, (__be32 *)quote, QUOTE, 0) +
			 csum_words(icmp, sizeof(*icmp) / 2));
	return 1;
}

static __always_inline _Bool write_too_big6(struct cursor *c, __u32 mtu)
{
	struct ipv6hdr *ip = take_hdr(c, ipv6hdr);
	struct icmp_header *icmp = ip ? take_hdr(c, icmp_header) : NULL;
	struct ipv6hdr *quote = icmp ? take(c, QUOTE) : NULL;
	__u64 sum;

	if (!quote)
		return 0;
	*ip = (struct ipv6hdr){
	    .version = 6,
	    .payload_len = bpf_htons(sizeof(*icmp) + QUOTE),
	    .nexthdr = IPPROTO_ICMPV6,
	    .hop_limit = REPLY_TTL,
	    .saddr = quote->daddr,
	    .daddr = quote->saddr,
	};
	*icmp = (struct icmp_header){.type = ICMP6_TOO_BIG};
	icmp->mtu6 = bpf_htonl(mtu);
	sum = (__u32)bpf_csum_diff(NULL, 0, (__be32 *)quote, QUOTE, 0);
	sum += csum_words(icmp, sizeof(*icmp) / 2) + csum_words(&ip->saddr, 16);
	sum += ip->payload_len + bpf_htons(IPPROTO_ICMPV6);
	icmp->checksum = ~csum_fold64(sum);
	return 1;
}

// Turns the packet, of at least QUOTE bytes behind its Ethernet header and `tags` bytes of VLAN
// tags, into an answer that tells its sender to send at most `mtu` bytes. True if it did.
__attribute__((noinline)) int answer_too_big(struct hook_ctx *ctx, __u32 family, __u32 tags,
					     __u32 mtu)
{
	const __u32 ip = family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	const __u32 headers = ip + sizeof(struct icmp_header);
	const __u32 tag_bytes = tags & (VLAN_TAG | 2 * VLAN_TAG);
	struct cursor c = hook_packet(ctx);
	struct l2_header l2 = {};

	if (!read_l2(&c, &l2, tag_bytes))
		return 0;
	if (hook_make_room(ctx, headers) ||
	    hook_set_length(ctx, ETH_HLEN + tag_bytes + headers + QUOTE))
		return 0;
	c = hook_packet(ctx);
	swap_macs((struct ethhdr *)&l2);
	if (!write_l2(&c, &l2, tag_bytes))
		return 0;
	return family == 4 ? write_too_big4(&c, mtu) : write_too_big6(&c, mtu);
}

// Options of an echo request are for the host to judge.
static __always_inline enum verdict reply_echo(struct packet *pkt)
{
	const __u32 header = pkt->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	if (pkt->l3_len - pkt->l4_len != header)
		return pass(pkt, SLUICE_PASS_ICMP);
	if (!may_reply())
		return drop(pkt, SLUICE_DROP_RATE);
	if (!answer_echo(pkt->ctx, pkt->family, tag_len(pkt)))
		return drop(pkt, SLUICE_DROP_L4_HEADER);
	return reply(pkt, SLUICE_REPLY_ECHO);
}

// Never in answer to an ICMP error, nor to a fragment without ports (RFC 1122, 3.2.2; RFC
// 4443, 2.4).
static __always_inline enum verdict reply_too_big(struct packet *pkt, __u32 mtu)
{
	if (pkt->is_error || pkt->fragment == FRAGMENT_LATER || pkt->l3_len < QUOTE)
		return drop(pkt, SLUICE_DROP_TOO_BIG);
	if (!may_reply())
		return drop(pkt, SLUICE_DROP_RATE);
	hook_lift_tags(pkt);
	if (!answer_too_big(pkt->ctx, pkt->family, tag_len(pkt), mtu) || hook_put_tags(pkt, 1))
		return drop(pkt, SLUICE_DROP_NO_HEADROOM);
	return reply(pkt, SLUICE_REPLY_TOO_BIG);
}
