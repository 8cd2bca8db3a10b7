// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the programs of a comparison's traffic and their user must agree on: the packet, how it has
// to come back, and what is counted.
#pragma once

#include "../../program/bpf/bench_abi.h"

// The packet of a flow is this one with its own source address and port. The sums are of the words
// whose checksums go into the headers, as they stand in memory, without those two and the checksum.
struct traffic_packet {
	struct bench_ethernet ethernet;
	struct bench_ipv4 ipv4;
	struct bench_udp udp;
	__u32 ipv4_sum;
	__u32 udp_sum;
};

// A packet was delivered if it came back like this.
struct traffic_delivery {
	__be32 to; // the outermost destination, as far as the mask goes
	__be32 mask;
	__u32 length;
	__u8 protocol; // the one that follows the outermost IP header
	__u8 by_mac;   // the last byte of the MAC address tells the backend, not that of `to`
};

enum { TRAFFIC_BACKENDS = 64 }; // are told apart, by the last bits of their addresses

struct traffic_count {
	__u64 delivered;
	__u64 astray;  // IPIP or UDP, but not as it has to be
	__u64 reached; // a bit for each backend
};

enum { TRAFFIC_CPUS = 64 }; // a power of two; CPUs that differ by it may not send at once

// What is set before packets are made on a CPU; a cache line for each.
struct traffic_order {
	__u64 sequence;	  // counts packets
	__u64 multiplier; // as in struct bench_state
	__u64 mask;
	__u64 first; // flow: each CPU has its own ones
	__u64 unused[4];
};
