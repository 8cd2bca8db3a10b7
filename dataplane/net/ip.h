// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What IPv4 and IPv6 headers say, and whether it can be true of the bytes that are there.
#pragma once

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include "net/cursor.h"

enum {
	IPV4_FRAGMENT_BITS = 0x3fff, // MF and the 13-bit offset; not DF
	IPV4_DONT_FRAGMENT = 0x4000,
	IPV4_MORE_FRAGMENTS = 0x2000,
	IPV4_OFFSET = 0x1fff, // in units of FRAGMENT_UNIT bytes
	FRAGMENT_UNIT = 8,    // all fragments but the last are multiples of it
	IPV4_MIN_HEADER = sizeof(struct iphdr),
	IPV4_MAX_HEADER = 60,
	TCP_MIN_HEADER = 20,
	TCP_MAX_HEADER = 60,
	TCP_FLAGS_AT = 13, // byte of the header
	UDP_HEADER = 8,
	ICMP_HEADER = 8, // of every message we know, ICMPv6 alike
};

// Source and destination port, where TCP and UDP both have them.
struct l4_ports {
	__be16 source;
	__be16 dest;
};

// Bytes of the IPv4 header, options and all; 0..60 in steps of 4, whatever the packet claims.
static __always_inline __u32 ipv4_header_len(const struct iphdr *ip)
{
	return ip->ihl * 4;
}

static __always_inline _Bool ipv4_is_fragment(const struct iphdr *ip)
{
	return ip->frag_off & bpf_htons(IPV4_FRAGMENT_BITS);
}

// The eight bits that IPv4 calls TOS, of an IPv6 header: DSCP and ECN.
static __always_inline __u8 ipv6_traffic_class(const struct ipv6hdr *ip)
{
	return ip->priority << 4 | ip->flow_lbl[0] >> 4;
}

// Bytes that the header of a protocol takes at least; 0 where we do not look into it.
static __always_inline __u32 l4_min_header(__u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return TCP_MIN_HEADER;
	case IPPROTO_UDP:
		return UDP_HEADER;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return ICMP_HEADER;
	default:
		return 0;
	}
}
