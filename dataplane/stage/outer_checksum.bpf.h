// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The checksum of an outer UDP header over IPv6: the one part of an outer header that depends on
// every byte of the packet.
#pragma once

#include "net/l2.h"
#include "net/ip.h"
#include "packet.bpf.h"
#include "stage/sum.bpf.h"

// The UDP checksum that IPv6 demands (RFC 8200, 8.1), over everything behind the outer IP header at
// byte `at` of the frame. A global function, verified by itself. True if it was written.
__attribute__((noinline)) int write_udp_csum(struct hook_ctx *ctx, __u32 at)
{
	const __u32 at_udp = at + sizeof(struct ipv6hdr);
	struct cursor c = hook_packet(ctx);
	const struct ipv6hdr *ip;
	struct udphdr *udp;
	int blocks, tail;
	__u16 sum;
	__u32 len;

	if (at > ETH_HLEN + MAX_VLAN_TAGS * VLAN_TAG || !take(&c, at))
		return 0;
	ip = take_hdr(&c, ipv6hdr);
	udp = ip ? take_hdr(&c, udphdr) : NULL;
	if (!udp)
		return 0;
	len = bpf_ntohs(ip->payload_len);
	blocks = sum_blocks(ctx, at_udp, len / SUM_BLOCK);
	tail = sum_tail(ctx, at_udp + len, len % SUM_BLOCK);
	if (blocks < 0 || tail < 0)
		return 0;
	sum = csum_fold((__u32)csum_words(&ip->saddr, 16) + ip->payload_len +
			bpf_htons(IPPROTO_UDP) + blocks + tail);
	udp->check = sum == 0xffff ? sum : (__u16)~sum;
	return 1;
}
