// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a health probe meets on its way out, at tc egress of the probes' device: the headers that
// the data plane puts on the traffic of the same member, by the same stage out of the same table.
#include "ctx/skb.bpf.h"
#include "abi/probe_abi.h"
#include "table/member.bpf.h"
#include "stage/outer_checksum.bpf.h"
#include "stage/encap.bpf.h"

// By enum sluice_probe_fate.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_PROBE_FATE_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} probe_fates SEC(".maps");

// The IPv4 or IPv6 header of a probe, which has neither a VLAN tag nor, of IPv6, an extension
// header: this host's own sockets made it.
struct inner {
	__u32 l4_at; // byte of the frame
	__u8 proto;
	__u32 addresses; // their sum
};

static __always_inline _Bool read_ipv4(struct packet *pkt, struct inner *in, struct cursor c)
{
	const struct iphdr *ip = take_hdr(&c, iphdr);

	if (!ip || ip->version != 4 || ipv4_header_len(ip) < IPV4_MIN_HEADER)
		return 0;
	pkt->l3_len = bpf_ntohs(ip->tot_len);
	pkt->tos = ip->tos;
	in->l4_at = ETH_HLEN + ipv4_header_len(ip);
	in->proto = ip->protocol;
	in->addresses = csum_words(&ip->saddr, 4);
	pkt->l4_len = pkt->l3_len - ipv4_header_len(ip);
	return pkt->l3_len >= ipv4_header_len(ip);
}

static __always_inline _Bool read_ipv6(struct packet *pkt, struct inner *in, struct cursor c)
{
	const struct ipv6hdr *ip = take_hdr(&c, ipv6hdr);

	if (!ip || ip->version != 6)
		return 0;
	pkt->l4_len = bpf_ntohs(ip->payload_len);
	pkt->l3_len = sizeof(*ip) + pkt->l4_len;
	pkt->tos = ipv6_traffic_class(ip);
	in->l4_at = ETH_HLEN + sizeof(*ip);
	in->proto = ip->nexthdr;
	in->addresses = csum_words(&ip->saddr, 16);
	return pkt->l3_len >= sizeof(*ip);
}

static __always_inline _Bool read_ip(struct packet *pkt, struct inner *in)
{
	struct cursor c = hook_whole(pkt->ctx);

	if (!take(&c, ETH_HLEN))
		return 0;
	switch (pkt->ctx->protocol) {
	case bpf_htons(ETH_P_IP):
		return read_ipv4(pkt, in, c) && pkt->l3_len <= pkt->ctx->len - ETH_HLEN;
	case bpf_htons(ETH_P_IPV6):
		return read_ipv6(pkt, in, c) && pkt->l3_len <= pkt->ctx->len - ETH_HLEN;
	default:
		return 0;
	}
}

// A TCP checksum that somebody behind us completes (CHECKSUM_PARTIAL): where, and what stands there
// until then.
struct incomplete {
	__u32 at; // byte of the frame; 0: there is none
	__u16 value;
};

// The kernel's own TCP leaves its checksum to the last device, and so do the kernel's own tunnels:
// tc comes before that, whatever our device says that it can do. Until then the sum of the pseudo
// header stands there. A checksum of the outer packet has to count what will stand there in the
// end, so that is written, and taken back below.
static __always_inline struct incomplete complete(const struct packet *pkt, const struct inner *in)
{
	const __u32 at = in->l4_at + offsetof(struct tcphdr, check);
	const __u32 pseudo = in->addresses + bpf_htons(in->proto) + bpf_htons(pkt->l4_len);
	struct incomplete found = {};
	int blocks, tail;
	__u16 whole;

	if (in->proto != IPPROTO_TCP ||
	    bpf_skb_load_bytes(pkt->ctx, at, &found.value, sizeof(found.value)) ||
	    found.value != csum_fold(pseudo))
		return found;
	blocks = sum_blocks(pkt->ctx, in->l4_at, pkt->l4_len / SUM_BLOCK);
	tail = sum_tail(pkt->ctx, in->l4_at + pkt->l4_len, pkt->l4_len % SUM_BLOCK);
	if (blocks < 0 || tail < 0)
		return found;
	whole = ~csum_fold(blocks + tail);
	if (!bpf_skb_store_bytes(pkt->ctx, at, &whole, sizeof(whole), 0))
		found.at = at;
	return found;
}

// Behind the head that has been put in front.
static __always_inline void take_back(const struct packet *pkt, const struct incomplete *was)
{
	const __u32 at = was->at + pkt->member->head_len - ETH_HLEN;

	if (was->at)
		bpf_skb_store_bytes(pkt->ctx, at, &was->value, sizeof(was->value), 0);
}

static __always_inline enum sluice_probe_fate enclose(struct packet *pkt, const struct inner *in)
{
	const _Bool sums_all = pkt->member->flags & SLUICE_MEMBER_UDP_CSUM;
	struct incomplete was = {};

	if (sums_all && !hook_is_merged(pkt))
		was = complete(pkt, in);
	if (encap(pkt) != V_NEXT)
		return SLUICE_PROBE_REFUSED;
	take_back(pkt, &was);
	return SLUICE_PROBE_SENT;
}

static __always_inline enum sluice_probe_fate prepare(struct packet *pkt)
{
	const __u32 mark = pkt->ctx->mark;
	struct inner in;

	if (sluice_probe_instance(mark) >= SLUICE_PROBE_INSTANCES)
		return SLUICE_PROBE_NOT_MARKED;
	if (!read_ip(pkt, &in))
		return SLUICE_PROBE_NOT_IP;
	if (!find_member(pkt, sluice_probe_member(mark)) || !pkt->member->head_len)
		return SLUICE_PROBE_NO_MEMBER;
	if (hook_largest_segment(pkt) > pkt->member->max_inner)
		return SLUICE_PROBE_TOO_BIG;
	pkt->hash = bpf_get_hash_recalc(pkt->ctx);
	pkt->ctx->mark = 0; // nobody's business but ours
	return enclose(pkt, &in);
}

static __always_inline void count(__u32 fate)
{
	__u64 *n = bpf_map_lookup_elem(&probe_fates, &fate);

	if (n)
		*n += 1;
}

// Nothing comes past: there is nobody at the other end of the device.
SEC("tc")
int sluice_probe(struct __sk_buff *ctx)
{
	struct packet pkt = {.ctx = ctx};
	const enum sluice_probe_fate fate = prepare(&pkt);

	count(fate);
	return fate == SLUICE_PROBE_SENT ? hook_action(&pkt, V_REDIRECT) : TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
