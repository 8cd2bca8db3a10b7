// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The IP header that nearly every packet has, without options and extensions, and the ports behind
// it: as whole words in the order of the wire, which a few comparisons judge. On a big-endian
// machine the numbers would be others.
#pragma once

#include "abi/sluice_abi.h"
#include "net/addr.h"
#include "net/ip.h"

struct plain_ipv4 {
	__u64 first; // version, IHL, TOS, length, ID, fragment
	__u8 ttl;
	__u8 proto;
	__be16 check;
	__be32 saddr;
	__be32 daddr;
	struct l4_ports ports;
};

struct plain_ipv6 {
	__u64 first; // version, traffic class, flow label, length, next header, hop limit
	struct sluice_addr saddr;
	struct sluice_addr daddr;
	struct l4_ports ports;
};

// No options, no fragment, some time to live.
static __always_inline _Bool ipv4_is_plain(const struct plain_ipv4 *ip)
{
	return (ip->first & 0xff3f0000000000ffull) == 0x45 && ip->ttl;
}

// Of `first`, and volatile, so that clang reads them once more, and does not make them of that.
static __always_inline __u8 plain_ipv6_proto(const struct plain_ipv6 *ip)
{
	return *((const volatile __u8 *)ip + 6);
}

static __always_inline __u32 plain_ipv6_payload(const struct plain_ipv6 *ip)
{
	return bpf_ntohs(*((const volatile __be16 *)ip + 2));
}

static __always_inline __u8 plain_ipv6_tos(const struct plain_ipv6 *ip)
{
	return bpf_ntohs(*(const volatile __be16 *)ip) >> 4;
}

// Version 6, some hops left. What the next header is, the caller looks at.
static __always_inline _Bool ipv6_is_plain(const struct plain_ipv6 *ip)
{
	return (ip->first & 0xf0) == 0x60 && ip->first >> 56;
}

// Both ports, as struct sluice_flow has them.
static __always_inline __u32 plain_ports(const struct l4_ports *ports)
{
	typedef __u32 __attribute__((may_alias))
	word; // of two bytes' alignment clang makes two loads

	return *(const word *)ports;
}

// A flow's last eight bytes.
static __always_inline __u64 flow_end(const struct l4_ports *ports, __u8 proto)
{
	return plain_ports(ports) | (__u64)proto << 32;
}

// Sets all of `flow`, padding and all, in stores of eight bytes: it will be read so, and a
// processor that finds halves of what it reads in different stores waits for both of them.
static __always_inline void copy_plain_ipv4(struct sluice_flow *flow, const struct plain_ipv4 *ip)
{
	sluice_half *to = (sluice_half *)flow;

	to[0] = to[2] = 0;
	to[1] = mapped_low(ip->saddr);
	to[3] = mapped_low(ip->daddr);
	to[4] = flow_end(&ip->ports, ip->proto);
}

static __always_inline void copy_plain_ipv6(struct sluice_flow *flow, const struct plain_ipv6 *ip)
{
	sluice_half *to = (sluice_half *)flow;

	to[0] = sluice_addr_high(&ip->saddr);
	to[1] = sluice_addr_low(&ip->saddr);
	to[2] = sluice_addr_high(&ip->daddr);
	to[3] = sluice_addr_low(&ip->daddr);
	to[4] = flow_end(&ip->ports, plain_ipv6_proto(ip));
}
