// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 10: put the member's ready-made outer headers in front of the client's packet.
#pragma once

#include "net/checksum.h"
#include "net/l2.h"
#include "net/ip.h"
#include "packet.bpf.h"

// Copies the head in 8-byte words, the last one overlapping.
static __always_inline _Bool copy_last_word(const struct cursor *out, const struct packet *pkt)
{
	void *last = out->pos + pkt->member->last_at;

	if (last + sizeof(__u64) > out->end)
		return 0;
	*(__u64 *)last = pkt->member->last_word;
	return 1;
}

// Every store is checked against the end of the packet: a frame on veth may be shorter than
// SLUICE_HEAD_MAX.
static __always_inline _Bool copy_short_head(const struct cursor *out, const struct packet *pkt)
{
	__u64 *to = out->pos;

	for (__u32 i = 0; i < SLUICE_HEAD_WORDS && (i + 1) * sizeof(*to) <= pkt->member->head_len;
	     i++) {
		if ((void *)(to + i + 1) > out->end)
			return 0;
		to[i] = head_word(pkt, i);
	}
	return copy_last_word(out, pkt);
}

// One check does for all but the last word.
static __always_inline _Bool copy_head(const struct cursor *out, const struct packet *pkt)
{
	const __u32 len = pkt->member->head_len;
	__u64 *to = out->pos;

	if (out->pos + SLUICE_HEAD_MAX > out->end)
		return copy_short_head(out, pkt);
	for (__u32 i = 0; i < SLUICE_HEAD_WORDS && (i + 1) * sizeof(*to) <= len; i++)
		to[i] = head_word(pkt, i);
	return copy_last_word(out, pkt);
}

// The head was written behind the place for `tags` bytes of VLAN tags: puts its MAC addresses to
// the front, and the tags the packet came with between them and the type.
static __always_inline _Bool write_head_tags(struct cursor out, const struct packet *pkt,
					     __u32 tags)
{
	const struct sluice_member *m = pkt->member;
	struct tagged {
		__u64 mac_word;
		__u32 mac_rest;
		__u32 tag[MAX_VLAN_TAGS];
	} __attribute__((packed)) *front = out.pos;

	if ((void *)(front + 1) > out.end)
		return 0;
	front->mac_word = m->head[0];
	front->mac_rest = m->head[1];
	front->tag[0] = pkt->tags[0];
	if (tags > VLAN_TAG)
		front->tag[1] = pkt->tags[1];
	return 1;
}

// A source port of the dynamic range (RFC 6335) for each flow, so that ECMP and queues spread.
static __always_inline _Bool patch_udp(struct cursor *out, const struct packet *pkt, __u32 ip_len)
{
	struct udphdr *udp = take_hdr(out, udphdr);

	if (!udp)
		return 0;
	udp->source = bpf_htons(0xc000 | (pkt->hash & 0x3fff));
	udp->len = bpf_htons(pkt->member->head_len - ETH_HLEN - ip_len + pkt->l3_len);
	return 1;
}

static __always_inline _Bool patch_ipv4(struct cursor *out, const struct packet *pkt)
{
	const struct sluice_member *m = pkt->member;
	struct iphdr *ip = take_hdr(out, iphdr);
	const __be32 entropy = pkt->hash & entropy_bits(pkt);
	__be16 length;

	if (!ip)
		return 0;
	length = bpf_htons(m->head_len - ETH_HLEN + pkt->l3_len);
	ip->tos = pkt->tos;
	ip->tot_len = length;
	ip->saddr |= entropy;
	ip->check = ~csum_fold((__u32)m->csum + bpf_htons(pkt->tos) + length + (entropy & 0xffff) +
			       (entropy >> 16));
	return m->flags & SLUICE_MEMBER_UDP ? patch_udp(out, pkt, sizeof(*ip)) : 1;
}

// The flow label carries the flow's entropy, too (RFC 6438).
static __always_inline _Bool patch_ipv6(struct cursor *out, const struct packet *pkt)
{
	const struct sluice_member *m = pkt->member;
	const __u32 header = ETH_HLEN + sizeof(struct ipv6hdr);
	struct ipv6hdr *ip = take_hdr(out, ipv6hdr);

	if (!ip)
		return 0;
	*(__be32 *)ip = bpf_htonl(6u << 28 | (__u32)pkt->tos << 20 | (pkt->hash & 0xfffff));
	ip->payload_len = bpf_htons(m->head_len - header + pkt->l3_len);
	ip->saddr.in6_u.u6_addr32[3] |= pkt->hash & entropy_bits(pkt);
	return m->flags & SLUICE_MEMBER_UDP ? patch_udp(out, pkt, sizeof(*ip)) : 1;
}

static __always_inline _Bool patch_head(struct cursor out, const struct packet *pkt, __u32 tags)
{
	const struct sluice_member *m = pkt->member;

	if (!take_hdr(&out, ethhdr))
		return 0;
	switch (m->outer) {
	case 0:
		return 1;
	case 4:
		return patch_ipv4(&out, pkt);
	default:
		if (!patch_ipv6(&out, pkt))
			return 0;
		if (m->flags & SLUICE_MEMBER_UDP_CSUM)
			return write_udp_csum(pkt->ctx, ETH_HLEN + tags);
		return 1;
	}
}

// A checksum over several segments would be right for none of them.
static __always_inline _Bool is_uncheckable(const struct packet *pkt)
{
	return hook_is_merged(pkt) && pkt->member->flags & SLUICE_MEMBER_UDP_CSUM;
}

static __always_inline enum verdict encap(struct packet *pkt)
{
	const struct sluice_member *m = pkt->member;
	const _Bool keep = m->flags & SLUICE_MEMBER_KEEP_VLAN;
	struct cursor out, front;
	__u32 tags;

	if (m->head_len + hook_largest_segment(pkt) > 0xffff)
		return drop(pkt, SLUICE_DROP_IP_LENGTH);
	if (is_uncheckable(pkt))
		return drop(pkt, SLUICE_DROP_MERGED);
	hook_lift_tags(pkt);
	tags = keep ? tag_len(pkt) : 0;
	if (hook_make_head_room(pkt, tags))
		return drop(pkt, SLUICE_DROP_NO_HEADROOM);
	out = hook_packet(pkt->ctx);
	front = out;
	if (!take(&out, tags) || !copy_head(&out, pkt) || !patch_head(out, pkt, tags))
		return drop(pkt, SLUICE_DROP_TABLE);
	if (tags && !write_head_tags(front, pkt, tags))
		return drop(pkt, SLUICE_DROP_TABLE);
	return hook_put_tags(pkt, keep) ? drop(pkt, SLUICE_DROP_NO_HEADROOM) : V_NEXT;
}
