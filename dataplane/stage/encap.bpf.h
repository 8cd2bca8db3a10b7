// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 10: put the member's ready-made outer headers in front of the client's packet.
#pragma once

#include "net/checksum.h"
#include "net/l2.h"
#include "net/ip.h"
#include "packet.bpf.h"

enum {
	IPV4_HEAD_WORDS = (ETH_HLEN + IPV4_MIN_HEADER) / 8,
};

// The head is copied in 8-byte words, the last of which overlaps the one before.
static __always_inline _Bool copy_last_word(const struct cursor *out, const struct packet *pkt)
{
	void *last = out->pos + pkt->member->last_at;

	if (unlikely(last + sizeof(__u64) > out->end))
		return 0;
	*(__u64 *)last = pkt->member->last_word;
	return 1;
}

// Where SLUICE_HEAD_MAX bytes are, no other word wants a check of its own.
static __always_inline _Bool copy_head(const struct cursor *out, const struct packet *pkt)
{
	const __u32 len = pkt->member->head_len;
	__u64 *to = out->pos;

	to[0] = head_word(pkt, 0);
	if (len == ETH_HLEN)
		return copy_last_word(out, pkt);
	for (__u32 i = 1; i < IPV4_HEAD_WORDS; i++) // no tunnel's head is shorter
		to[i] = head_word(pkt, i);
	for (__u32 i = IPV4_HEAD_WORDS; i < SLUICE_HEAD_WORDS && (i + 1) * sizeof(*to) <= len; i++)
		to[i] = head_word(pkt, i);
	return copy_last_word(out, pkt);
}

// Where fewer bytes are: a short frame on veth.
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

// Where patches may be written: up to `end`, which is not looked at where SLUICE_HEAD_MAX bytes are
// known to be there (`roomy`, a constant).
struct room {
	const void *end;
	_Bool roomy;
};

static __always_inline _Bool has_room(struct room room, const void *next)
{
	return room.roomy || likely(next <= room.end);
}

// A source port of the dynamic range (RFC 6335) for each flow, so that ECMP and queues spread.
static __always_inline _Bool patch_udp(struct udphdr *udp, struct room room,
				       const struct packet *pkt, __u32 ip_len)
{
	if (!has_room(room, udp + 1))
		return 0;
	udp->source = bpf_htons(0xc000 | (pkt->hash & 0x3fff));
	udp->len = bpf_htons(pkt->member->head_len - ETH_HLEN - ip_len + pkt->l3_len);
	return 1;
}

// Fills the bits of the outer source that are the flow's. What they add to the header's checksum.
static __always_inline __u32 write_entropy(struct iphdr *ip, __be32 entropy)
{
	ip->saddr |= entropy;
	return (entropy & 0xffff) + (entropy >> 16);
}

static __always_inline _Bool patch_ipv4(struct iphdr *ip, struct room room,
					const struct packet *pkt)
{
	const struct sluice_member *m = pkt->member;
	const __be32 bits = entropy_bits(pkt);
	const __be16 length = bpf_htons(m->head_len - ETH_HLEN + pkt->l3_len);
	__u32 sum = (__u32)m->csum + bpf_htons(pkt->tos) + length;

	if (!has_room(room, ip + 1))
		return 0;
	ip->tos = pkt->tos;
	ip->tot_len = length;
	if (unlikely(bits))
		sum += write_entropy(ip, pkt->hash & bits);
	ip->check = ~csum_fold(sum);
	return m->flags & SLUICE_MEMBER_UDP ? patch_udp((void *)(ip + 1), room, pkt, sizeof(*ip))
					    : 1;
}

// The flow label carries the flow's entropy, too (RFC 6438).
static __always_inline _Bool patch_ipv6(struct ipv6hdr *ip, struct room room,
					const struct packet *pkt)
{
	const struct sluice_member *m = pkt->member;
	const __u32 header = ETH_HLEN + sizeof(struct ipv6hdr);
	const __be32 bits = entropy_bits(pkt);

	if (!has_room(room, ip + 1))
		return 0;
	*(__be32 *)ip = bpf_htonl(6u << 28 | (__u32)pkt->tos << 20 | (pkt->hash & 0xfffff));
	ip->payload_len = bpf_htons(m->head_len - header + pkt->l3_len);
	if (unlikely(bits))
		ip->saddr.in6_u.u6_addr32[3] |= pkt->hash & bits;
	return 1;
}

// Behind an IPv6 header the UDP checksum may be wanted, too.
static __always_inline _Bool patch_udp_in_ipv6(struct ipv6hdr *ip, struct room room,
					       const struct packet *pkt, __u32 tags)
{
	if (!patch_udp((void *)(ip + 1), room, pkt, sizeof(*ip)))
		return 0;
	return pkt->member->flags & SLUICE_MEMBER_UDP_CSUM
		   ? write_udp_csum(pkt->ctx, ETH_HLEN + tags)
		   : 1;
}

// Completes the head that stands at the beginning of `out`, behind `tags` bytes of VLAN tags.
static __always_inline _Bool patch_head(const struct cursor *out, const struct packet *pkt,
					__u32 tags, _Bool roomy)
{
	const struct room room = {.end = out->end, .roomy = roomy};
	const struct sluice_member *m = pkt->member;
	void *ip = out->pos + ETH_HLEN;

	if (m->outer == 4)
		return patch_ipv4(ip, room, pkt);
	if (m->outer != 6)
		return 1;
	if (!patch_ipv6(ip, room, pkt))
		return 0;
	return m->flags & SLUICE_MEMBER_UDP ? patch_udp_in_ipv6(ip, room, pkt, tags) : 1;
}

static __always_inline _Bool write_head(const struct cursor *out, const struct packet *pkt,
					__u32 tags)
{
	if (unlikely(out->pos + SLUICE_HEAD_MAX > out->end))
		return copy_short_head(out, pkt) && patch_head(out, pkt, tags, 0);
	return copy_head(out, pkt) && patch_head(out, pkt, tags, 1);
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

	if (unlikely(is_uncheckable(pkt)))
		return drop(pkt, SLUICE_DROP_MERGED);
	hook_lift_tags(pkt);
	tags = keep ? tag_len(pkt) : 0;
	if (unlikely(hook_make_head_room(pkt, tags)))
		return drop(pkt, SLUICE_DROP_NO_HEADROOM);
	out = hook_packet(pkt->ctx);
	front = out;
	if ((tags && !take(&out, tags)) || unlikely(!write_head(&out, pkt, tags)))
		return drop(pkt, SLUICE_DROP_TABLE);
	if (tags && !write_head_tags(front, pkt, tags))
		return drop(pkt, SLUICE_DROP_TABLE);
	return hook_put_tags(pkt, keep) ? drop(pkt, SLUICE_DROP_NO_HEADROOM) : V_NEXT;
}
