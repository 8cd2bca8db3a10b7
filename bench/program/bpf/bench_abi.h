// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the wrapper and the benchmark must agree on: the headers of the measured packet, the order
// of its flows, and what is counted.
#pragma once

#include <linux/types.h>

// Headers as the wrapper stores them, a field at a time: what the program under test then loads
// comes out of the store buffer, as it never would from stores that it straddles: an IPv6
// address is a half at a time, for nobody loads more, and who loads less does not straddle.
// Naturally aligned, or clang would store single bytes. Ethernet is 14 bytes of its 16.
struct bench_ethernet {
	__u32 to_begin;
	__u16 to_end;
	__u16 from_begin;
	__u32 from_end;
	__be16 type;
};

struct bench_ipv4 {
	__u8 version_and_length;
	__u8 tos;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__u16 checksum;
	__be32 source;
	__be32 destination;
};

struct bench_ipv6 {
	__be32 version_class_label;
	__be16 payload_length;
	__u8 next_header;
	__u8 hop_limit;
	__be64 source[2];
	__be64 destination[2];
};

struct bench_tcp {
	__be16 source;
	__be16 destination;
	__be32 sequence;
	__be32 acknowledged;
	__be16 offset_and_flags;
	__be16 window;
	__u16 checksum;
	__be16 urgent;
};

struct bench_udp {
	__be16 source;
	__be16 destination;
	__be16 length;
	__u16 checksum;
};

enum { BENCH_ETHERNET_LENGTH = 14 };

// The first packet of flow 0. `v6` and `udp` say which of each pair is meant.
struct bench_headers {
	struct bench_ethernet ethernet;
	struct bench_ipv4 ipv4;
	struct bench_ipv6 ipv6;
	struct bench_tcp tcp;
	struct bench_udp udp;
	__u8 is_v6;
	__u8 is_udp;
};

enum {
	BENCH_PORT_BITS = 15,
	BENCH_FIRST_PORT = 0x8000,
	BENCH_ACTIONS = 8, // more than there are XDP actions
};

// A flow is its number: the lower bits are its source port, the others are added to the source
// address, of which `base` is the first (host byte order; of IPv6, the last half).
static inline __u16 bench_flow_port(__u32 flow)
{
	return BENCH_FIRST_PORT | (flow & ((1u << BENCH_PORT_BITS) - 1));
}
static inline __u64 bench_flow_address(__u64 base, __u32 flow)
{
	return base + (flow >> BENCH_PORT_BITS);
}

// What is set before a run, and read after it.
struct bench_state {
	__u64 sequence; // counts packets
	// The flow of a packet is sequence * multiplier & mask. An odd multiplier makes every flow
	// come once in mask + 1 packets, and another one makes them come in another order.
	__u64 multiplier;
	__u64 mask;
	__u64 growth; // bytes the program under test puts in front of a packet
	__u64 actions[BENCH_ACTIONS];
};

static inline __u32 bench_flow_at(__u64 sequence, __u64 multiplier, __u64 mask)
{
	return (__u32)(sequence * multiplier & mask);
}
