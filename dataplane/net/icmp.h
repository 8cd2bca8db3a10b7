// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// ICMP and ICMPv6 (RFC 792, RFC 4443): what the two have in common, and the types we know.
//
// <linux/icmp.h> drags in the C library's socket headers, which a BPF target does not have.
#pragma once

#include <linux/types.h>

struct icmp_header {
	__u8 type;
	__u8 code;
	__u16 checksum;
	union {
		__be32 mtu6; // of packet too big
		struct {
			__be16 unused;
			__be16 mtu4; // of fragmentation needed (RFC 1191)
		};
	};
};

enum {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_FRAGMENTATION_NEEDED = 4, // a code of the above
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER_PROBLEM = 12,

	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER_PROBLEM = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
};
