// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a backend says on its way out, at the tc hook: the maximum segment size (RFC 9293, 3.7.1)
// that leaves the balancer room for its tunnel.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>
#include "abi/agent_abi.h"
#include "net/addr.h"
#include "net/ip.h"

// The largest segment to ask for, per family.
const volatile __u16 mss_v4;
const volatile __u16 mss_v6;

// That of the program that opens tunnels: who speaks as a VIP.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLUICE_AGENT_MAX_VIPS);
	__type(key, struct sluice_addr);
	__type(value, __u32);
} vips SEC(".maps");

enum {
	TCP_SYN = 0x02, // in byte 13 of the header
	TCP_FLAGS = 13,
	TCP_OPTION_BYTES = 40, // at most
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_MSS_LEN = 4,
};

// A TCP header that may have a say in it; offsets are from the Ethernet header on.
struct segment {
	__u32 at;
	__u32 end; // of the IP packet
	__u16 most;
	struct sluice_addr src;
};

static __always_inline _Bool read_ipv4(struct __sk_buff *skb, struct segment *s)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
		return 0;
	if (ip.version != 4 || ipv4_header_len(&ip) < IPV4_MIN_HEADER ||
	    ip.protocol != IPPROTO_TCP || ip.frag_off & bpf_htons(IPV4_OFFSET))
		return 0;
	addr_from_v4(&s->src, ip.saddr);
	s->at = ETH_HLEN + ipv4_header_len(&ip);
	s->end = ETH_HLEN + bpf_ntohs(ip.tot_len);
	s->most = mss_v4;
	return 1;
}

static __always_inline _Bool read_ipv6(struct __sk_buff *skb, struct segment *s)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
		return 0;
	if (ip.version != 6 || ip.nexthdr != IPPROTO_TCP)
		return 0;
	addr_from_v6(&s->src, &ip.saddr);
	s->at = ETH_HLEN + sizeof(ip);
	s->end = s->at + bpf_ntohs(ip.payload_len);
	s->most = mss_v6;
	return 1;
}

static __always_inline _Bool read_segment(struct __sk_buff *skb, struct segment *s)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return read_ipv4(skb, s);
	return skb->protocol == bpf_htons(ETH_P_IPV6) && read_ipv6(skb, s);
}

// Where the value of the option is; 0 if there is none, or what stands before it is malformed.
static __always_inline __u32 find_mss(struct __sk_buff *skb, __u32 at, __u32 end)
{
	for (int i = 0; i < TCP_OPTION_BYTES && at < end; i++) {
		__u8 kind, len;

		if (bpf_skb_load_bytes(skb, at, &kind, sizeof(kind)) || kind == OPTION_END)
			return 0;
		if (kind == OPTION_NOP) {
			at++;
			continue;
		}
		if (at + 1 >= end || bpf_skb_load_bytes(skb, at + 1, &len, sizeof(len)) ||
		    len < 2 || at + len > end)
			return 0;
		if (kind == OPTION_MSS)
			return len == OPTION_MSS_LEN ? at + 2 : 0;
		at += len;
	}
	return 0;
}

// The checksum is one of 16-bit words: a value at an odd place counts with its bytes swapped.
static __always_inline void lower_mss(struct __sk_buff *skb, const struct segment *s, __u32 at)
{
	const __u32 sum = s->at + offsetof(struct tcphdr, check);
	const _Bool odd = (at - s->at) & 1;
	const __be16 most = bpf_htons(s->most);
	__be16 old;

	if (bpf_skb_load_bytes(skb, at, &old, sizeof(old)) || bpf_ntohs(old) <= s->most)
		return;
	if (bpf_l4_csum_replace(skb, sum, odd ? __builtin_bswap16(old) : old,
				odd ? __builtin_bswap16(most) : most, sizeof(most)))
		return;
	bpf_skb_store_bytes(skb, at, &most, sizeof(most), 0);
}

// Whatever it is, other filters have their say as well.
SEC("tc")
int sluice_mss(struct __sk_buff *skb)
{
	struct segment s;
	__u8 tcp[sizeof(struct tcphdr)];
	__u32 at, header;

	if (!read_segment(skb, &s) || bpf_skb_load_bytes(skb, s.at, tcp, sizeof(tcp)))
		return TC_ACT_UNSPEC;
	header = (tcp[TCP_FLAGS - 1] >> 4) * 4;
	if (!(tcp[TCP_FLAGS] & TCP_SYN) || header <= sizeof(tcp) || s.at + header > s.end)
		return TC_ACT_UNSPEC;
	if (!bpf_map_lookup_elem(&vips, &s.src))
		return TC_ACT_UNSPEC;
	at = find_mss(skb, s.at + sizeof(tcp), s.at + header);
	if (at)
		lower_mss(skb, &s, at);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
