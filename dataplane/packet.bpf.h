// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The state one packet carries from stage to stage, and what a stage can decide.
#pragma once

#include "abi/sluice_abi.h"
#include "net/cursor.h"

// V_NEXT hands the packet to the next stage; every other value is final.
enum verdict {
	V_NEXT,
	V_PASS,	    // to the kernel, untouched; why is in `pass_reason`
	V_DROP,	    // why is in `drop_reason`
	V_TX,	    // out of the interface it came in by
	V_REDIRECT, // out of interface member->ifindex
};

struct packet {
	struct hook_ctx *ctx;
	struct cursor cur; // after parse: at the IP header; after admit: at the L4 header
	struct sluice_flow flow;
	const struct sluice_generation *generation;
	const struct sluice_service *service;
	const struct sluice_member *member;
	__u32 vip; // struct sluice_vip.number
	__u32 member_index;
	__u32 hash;
	__u16 l2_len; // bytes in front of the IP header
	__u16 l3_len; // the client's IP packet, as its header says
	__u8 tos;     // DSCP and ECN
	__u8 family;  // 4 or 6
	enum sluice_drop_reason drop_reason;
	enum sluice_pass_reason pass_reason;
};

static __always_inline enum verdict drop(struct packet *pkt, enum sluice_drop_reason why)
{
	pkt->drop_reason = why;
	return V_DROP;
}

static __always_inline enum verdict pass(struct packet *pkt, enum sluice_pass_reason why)
{
	pkt->pass_reason = why;
	return V_PASS;
}
