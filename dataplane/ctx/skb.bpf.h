// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is particular to the tc hook, and nothing else.
//
// Two things make a struct sk_buff differ from a frame: its outermost VLAN tag is usually beside
// the data and not in it, and it may be several TCP segments that GRO merged. Those leave as the
// segments they came as (BPF_F_ADJ_ROOM_FIXED_GSO): the kernel divides them again behind us,
// headers and all.
#pragma once

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

// By its own name, or the verifier would not know it in the arguments of global functions.
#define hook_ctx __sk_buff

#include "net/ip.h"
#include "packet.bpf.h"

enum {
	MERGED_HEADERS = 512, // bytes of merged segments that are looked at
};

static __always_inline struct cursor hook_packet(struct hook_ctx *ctx)
{
	struct cursor c = {
	    .pos = (void *)(long)ctx->data,
	    .end = (void *)(long)ctx->data_end,
	};

	return c;
}

// The packet with its first `want` bytes, or all it has, within reach: drivers leave what they like
// in pages.
static __always_inline struct cursor reach(struct hook_ctx *ctx, __u32 want)
{
	const struct cursor c = hook_packet(ctx);

	if (want > ctx->len)
		want = ctx->len;
	if ((__u64)(c.end - c.pos) < want)
		bpf_skb_pull_data(ctx, want);
	return hook_packet(ctx);
}

// The packet, its addresses within reach.
static __always_inline struct cursor hook_begin(struct hook_ctx *ctx)
{
	return reach(ctx, ETH_HLEN + MAX_VLAN_TAGS * VLAN_TAG + sizeof(struct ipv6hdr));
}

// The packet once more, all that will be looked at within reach, now that it is ours.
static __always_inline struct cursor hook_whole(struct hook_ctx *ctx)
{
	return reach(ctx, ctx->gso_size ? MERGED_HEADERS : ctx->len);
}

// Is there a VLAN tag that is not in the data?
static __always_inline _Bool hook_has_tag_aside(const struct hook_ctx *ctx)
{
	return ctx->vlan_present;
}

// Has the packet nothing that only the stages know how to treat: a tag beside it, several segments
// in it, bytes out of reach?
static __always_inline _Bool hook_is_plain(const struct hook_ctx *ctx)
{
	return !ctx->vlan_present && !ctx->gso_size && ctx->data_end - ctx->data == ctx->len;
}

// Bytes of the frame from the IP header on, which is at `l3`.
static __always_inline __u32 hook_l3_bytes(const struct packet *pkt, const void *l3)
{
	return pkt->ctx->len - l2_len(pkt);
}

// Makes `bytes` of room in front of the packet. 0, or an error that left the packet as it was. Ends
// the validity of all packet pointers. No VLAN tag may be in the data.
static __always_inline int hook_make_room(struct hook_ctx *ctx, int bytes)
{
	return bpf_skb_adjust_room(ctx, bytes, BPF_ADJ_ROOM_MAC, 0);
}

// Makes room for the member's head, where the Ethernet header will be written once more. Otherwise
// as above.
static __always_inline int hook_make_head_room(const struct packet *pkt, __u32 tags)
{
	const struct sluice_member *m = pkt->member;

	if (m->head_len == ETH_HLEN)
		return 0;
	return bpf_skb_adjust_room(pkt->ctx, m->head_len - ETH_HLEN, BPF_ADJ_ROOM_MAC,
				   m->skb_room_flags);
}

// Takes `tag`, the first of those in the data, and with it all of them out of there: a second one
// takes its place beside the data. The tag to put back later, its control information in host order
// above its type as it is on the wire, or 0. A global function, verified by
// itself, as is the next.
__attribute__((noinline)) __u32 lift_tags(struct hook_ctx *ctx, __u32 tag)
{
	const __u32 aside = ctx->vlan_tci << 16 | (ctx->vlan_proto & 0xffff);
	const __u32 in_data = (__u32)bpf_ntohs(tag >> 16) << 16 | (tag & 0xffff);
	const _Bool present = ctx->vlan_present;

	if (!tag || bpf_skb_vlan_pop(ctx)) // failed, it leaves the packet as it was
		return 0;
	return present ? aside : in_data;
}

__attribute__((noinline)) int put_tags(struct hook_ctx *ctx, __u32 tag, __u32 keep)
{
	if (!keep)
		return ctx->vlan_present ? bpf_skb_vlan_pop(ctx) : 0;
	return tag ? bpf_skb_vlan_push(ctx, (__u16)tag, tag >> 16) : 0;
}

// Takes the tags out of the data, where they would be in the way. hook_put_tags() puts them back.
static __always_inline void hook_lift_tags(struct packet *pkt)
{
	pkt->lifted_tag = lift_tags(pkt->ctx, pkt->tags[0]);
	pkt->tag_len = 0;
}

// Puts back what was lifted; unless it shall `keep` them, takes all tags away. 0, or an error.
static __always_inline int hook_put_tags(const struct packet *pkt, _Bool keep)
{
	return put_tags(pkt->ctx, pkt->lifted_tag, keep);
}

// Cuts the packet to `length` bytes, from its Ethernet header on. As hook_make_room() otherwise.
static __always_inline int hook_set_length(struct hook_ctx *ctx, __u32 length)
{
	return bpf_skb_change_tail(ctx, length, 0);
}

// Leaves `length` bytes of the packet, to be written anew behind its Ethernet header and VLAN tags,
// where `headers` bytes of IP headers and a TCP segment were. Whose checksum somebody behind us may
// be going to complete, from where the segment began (CHECKSUM_PARTIAL: merged segments, or a
// sender on this host), over whatever is written there: the kernel forgets about that when its
// beginning is cut off in front. As hook_make_room() otherwise; no VLAN tag may be in the data.
static __always_inline int hook_begin_anew(struct hook_ctx *ctx, __u32 headers, __u32 length)
{
	const __u32 begun = headers + TCP_MIN_HEADER;

	return hook_set_length(ctx, begun + length) || hook_make_room(ctx, -(int)begun);
}

// Takes `bytes` off the packet's end. As hook_make_room() otherwise.
static __always_inline int hook_cut_tail(struct hook_ctx *ctx, int bytes)
{
	return bpf_skb_change_tail(ctx, ctx->len - bytes, 0);
}

// Is it several segments in one, each of which wants a checksum of its own?
static __always_inline _Bool hook_is_merged(const struct packet *pkt)
{
	return pkt->ctx->gso_size != 0;
}

// Bytes of the TCP header at byte `at` of the frame; the most there can be where it is out of
// reach. A global function: a cursor kept from stage to stage, or the way back to it, would double
// what the verifier has to look at between.
__attribute__((noinline)) __u32 tcp_header_len(struct hook_ctx *ctx, __u32 at)
{
	struct cursor c = hook_packet(ctx);
	const __u8 *tcp = take(&c, at & (MERGED_HEADERS - 1)) ? take(&c, TCP_MIN_HEADER) : NULL;

	return tcp ? (tcp[12] >> 4) * 4 : TCP_MAX_HEADER;
}

// Bytes, from the IP header on, of the largest packet this one will be on the wire. Merged segments
// are TCP's.
static __always_inline __u32 hook_largest_segment(const struct packet *pkt)
{
	const __u32 segment = pkt->ctx->gso_size, l3_header = pkt->l3_len - pkt->l4_len;

	if (!segment)
		return pkt->l3_len;
	return l3_header + tcp_header_len(pkt->ctx, l2_len(pkt) + l3_header) + segment;
}

static __always_inline __u32 hook_ingress(const struct hook_ctx *ctx)
{
	return ctx->ifindex;
}

// What passes is for other filters to judge as well. A packet that no stage decided about must not
// reach anybody.
static __always_inline int hook_action(const struct packet *pkt, enum verdict v)
{
	switch (v) {
	case V_PASS:
		return TC_ACT_UNSPEC;
	case V_TX:
	case V_REPLY:
		return bpf_redirect(hook_ingress(pkt->ctx), 0);
	case V_REDIRECT:
		return bpf_redirect(pkt->member->ifindex, 0);
	case V_NEXT:
	case V_DROP:
		break;
	}
	return TC_ACT_SHOT;
}
