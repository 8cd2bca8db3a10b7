// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 6: put the member's ready-made outer headers in front of the client's packet.
#pragma once

#include <linux/if_ether.h>
#include "net/checksum.h"
#include "net/ip.h"
#include "packet.bpf.h"

// Copies the head in 8-byte words, the last one overlapping. Every store is checked against the
// end of the packet: a frame on veth may be shorter than SLUICE_HEAD_MAX.
static __always_inline _Bool copy_head(struct cursor *out, const struct sluice_member *m)
{
	__u64 *to = out->pos;
	void *last = out->pos + m->last_at;

	for (__u32 i = 0; i < SLUICE_HEAD_WORDS && (i + 1) * sizeof(*to) <= m->head_len; i++) {
		if ((void *)(to + i + 1) > out->end)
			return 0;
		to[i] = m->head[i];
	}
	if (last + sizeof(*to) > out->end)
		return 0;
	*(__u64 *)last = m->last_word;
	return 1;
}

static __always_inline _Bool patch_ipv4(struct cursor *out, const struct packet *pkt)
{
	struct iphdr *ip = take_hdr(out, iphdr);
	__be16 length;

	if (!ip)
		return 0;
	length = bpf_htons(pkt->member->head_len - ETH_HLEN + pkt->l3_len);
	ip->tos = pkt->tos;
	ip->tot_len = length;
	ip->check = ~csum_fold((__u32)pkt->member->csum + bpf_htons(pkt->tos) + length);
	return 1;
}

// The flow label carries the flow's entropy, so that ECMP and receive queues spread (RFC 6438).
static __always_inline _Bool patch_ipv6(struct cursor *out, const struct packet *pkt)
{
	const __u32 header = ETH_HLEN + sizeof(struct ipv6hdr);
	struct ipv6hdr *ip = take_hdr(out, ipv6hdr);

	if (!ip)
		return 0;
	*(__be32 *)ip = bpf_htonl(6u << 28 | (__u32)pkt->tos << 20 | (pkt->hash & 0xfffff));
	ip->payload_len = bpf_htons(pkt->member->head_len - header + pkt->l3_len);
	return 1;
}

static __always_inline enum verdict encap(struct packet *pkt)
{
	const struct sluice_member *m = pkt->member;
	const int room = m->head_len - pkt->l2_len;
	struct cursor out;

	if (room + pkt->l3_len > 0xffff)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	if (hook_make_room(pkt->ctx, room))
		return drop(pkt, SLUICE_DROP_NO_HEADROOM);
	out = hook_packet(pkt->ctx);
	if (!copy_head(&out, m) || !take_hdr(&out, ethhdr))
		return drop(pkt, SLUICE_DROP_TABLE);
	if (!(m->outer == 4 ? patch_ipv4(&out, pkt) : patch_ipv6(&out, pkt)))
		return drop(pkt, SLUICE_DROP_TABLE);
	return V_NEXT;
}
