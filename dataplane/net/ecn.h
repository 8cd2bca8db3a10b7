// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Explicit congestion notification when a tunnel ends (RFC 6040, section 4.2).
#pragma once

#include <linux/types.h>
#include "net/checksum.h"
#include "net/cursor.h"
#include "net/ip.h"

enum {
	ECN_NOT_ECT = 0, // takes no part: congestion is told to it by loss only
	ECN_ECT1 = 1,
	ECN_ECT0 = 2,
	ECN_CE = 3, // congestion experienced
	ECN_MASK = 3,
	ECN_LOST = -1, // the packet must be dropped
};

// The field that the inner packet leaves the tunnel with, or ECN_LOST.
static __always_inline int ecn_leaving_tunnel(__u8 outer, __u8 inner)
{
	if (inner == ECN_NOT_ECT)
		return outer == ECN_CE ? ECN_LOST : ECN_NOT_ECT;
	if (outer == ECN_CE)
		return ECN_CE;
	// ECT(1) outside of ECT(0) is the milder of two congestion marks, or none: either way
	// it may be shown to the receiver.
	if (outer == ECN_ECT1 && inner == ECN_ECT0)
		return ECN_ECT1;
	return inner;
}

// Sets the field and mends the header's checksum (RFC 1624, equation 3). A checksum that was wrong
// stays wrong.
static __always_inline void ipv4_set_ecn(struct iphdr *ip, __u8 ecn)
{
	const __u8 tos = (ip->tos & ~ECN_MASK) | ecn;
	const __u16 before = bpf_htons(ip->tos), after = bpf_htons(tos);

	ip->check = ~csum_fold((__u32)(__u16)~ip->check + (__u16)~before + after);
	ip->tos = tos;
}

// IPv6 has it in the middle of its first word.
static __always_inline void ipv6_set_ecn(struct ipv6hdr *ip, __u8 ecn)
{
	ip->flow_lbl[0] = (ip->flow_lbl[0] & ~(ECN_MASK << 4)) | ecn << 4;
}
