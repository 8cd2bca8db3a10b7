// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What stages cannot do in a device, which has no clock, no memory of its own for flows, no helper
// for checksums and no loops: what becomes of the packets that want it.
#pragma once

#include "net/ipv6_chain.h"
#include "packet.bpf.h"

enum {
	CHAIN_MAX = 0x3fff, // bytes in front of a header: a bound that the verifier wants
};

// Dropped as IPV6_CHAIN.
static __always_inline _Bool follow_chain(const struct packet *pkt, struct cursor *c,
					  struct ipv6_chain *chain)
{
	return 0;
}

// The host may answer.
static __always_inline enum verdict reply_echo(struct packet *pkt)
{
	return pass(pkt, SLUICE_PASS_ICMP);
}

static __always_inline enum verdict reply_too_big(struct packet *pkt, __u32 mtu)
{
	return drop(pkt, SLUICE_DROP_TOO_BIG);
}

// Nobody answers: no better than the policy to drop.
static __always_inline enum verdict reply_reset(struct packet *pkt)
{
	return drop(pkt, SLUICE_DROP_NO_MEMBER);
}

// Nobody remembers ports for later fragments, so a first one would be of no use to its backend.
static __always_inline enum verdict refuse_fragment(struct packet *pkt)
{
	return pkt->fragment == FRAGMENT_NONE ? V_NEXT : drop(pkt, SLUICE_DROP_FRAGMENT);
}

// No member of a device's wants it: the control plane sees to that.
static __always_inline int write_udp_csum(struct hook_ctx *ctx, __u32 at)
{
	return 0;
}

static __always_inline _Bool may_be_tracked(const struct packet *pkt, __u32 slot)
{
	return 0;
}

static __always_inline __u32 tracked_member(const struct packet *pkt, const void *plain, __u32 slot,
					    __u32 current, __u32 previous)
{
	return current;
}
