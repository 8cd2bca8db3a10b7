// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The state one packet carries from stage to stage, and what a stage can decide.
#pragma once

#include "abi/sluice_abi.h"
#include "net/cursor.h"
#include "net/l2.h"
#include "net/plain_ip.h"

// V_NEXT hands the packet to the next stage; every other value is final.
enum verdict {
	V_NEXT = SLUICE_FATE_UNDECIDED,
	V_PASS = SLUICE_FATE_PASS, // to the kernel, untouched
	V_DROP = SLUICE_FATE_DROP,
	V_TX = SLUICE_FATE_TX,		   // out of the interface it came in by
	V_REDIRECT = SLUICE_FATE_REDIRECT, // out of interface member->ifindex
	V_REPLY = SLUICE_FATE_REPLY, // an answer of our own, out of the interface it came in by
};

// What a packet is to its datagram.
enum fragment {
	FRAGMENT_NONE,	// a whole datagram
	FRAGMENT_FIRST, // has the ports
	FRAGMENT_LATER, // has none
};

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

struct sluice_member_rest;

struct packet {
	struct hook_ctx *ctx;
	struct cursor cur; // after parse: at the IP header; after admit: at the L4 header
	struct sluice_flow flow;
	const struct sluice_generation *generation;
	const struct sluice_vip_services *vip;
	const struct sluice_service *service;
	const struct sluice_member *member;
	// Only of a device's tables.
	const struct sluice_member_rest *member_rest;
	__u32 member_index;
	__u32 hash;
	__u32 fragment_id;
	__u32 tags[2];	  // VLAN tags as they stand in the frame, ethertype and all
	__u32 lifted_tag; // one that hook_put_tags() has to put back
	__u8 tag_len;	  // bytes of VLAN tags in the data
	__u16 l3_len;	  // the client's IP packet, as its header says
	__u16 l4_len;	  // what of it follows the IP header and its extensions
	__u8 tos;	  // DSCP and ECN
	__u8 family;	  // 4 or 6
	__u8 fragment;	  // enum fragment
	_Bool is_error;	  // an ICMP error: `flow` is that of the packet it quotes
	__u8 tcp_flags;	  // of the packet itself, not of one that it quotes
	__u8 reason;	  // enum sluice_drop_reason, sluice_pass_reason or sluice_reply_reason
	__u32 l3_bytes;	  // of the frame from the IP header on, whatever that says
};

// Bytes of VLAN tags, in bounds the verifier sees even where it has lost sight of them.
static __always_inline __u32 tag_len(const struct packet *pkt)
{
	return pkt->tag_len & (VLAN_TAG | 2 * VLAN_TAG);
}

// Bytes in front of the IP header.
static __always_inline __u32 l2_len(const struct packet *pkt)
{
	return ETH_HLEN + tag_len(pkt);
}

// Ends a packet's way through the stages: without this, clang sets reason and verdict in front of
// the branch that leads here, for every packet.
static __always_inline void stay_rare(void)
{
	__asm__ volatile("");
}

// Hides from clang that it could hold the packet's members apart: there are too many for registers,
// and what it makes of them on the stack is more for the verifier to tell apart.
static __always_inline void keep_in_memory(struct packet *pkt)
{
	__asm__ volatile("" : : "r"(pkt) : "memory");
}

// The packet's flow, for what is rare. `plain` is the IP header of a plain packet, which is read
// once more, so that clang does not keep what it says for this; NULL, a constant, of others.
static __always_inline struct sluice_flow flow_again(const struct packet *pkt, const void *plain)
{
	struct sluice_flow flow;

	if (!plain)
		return pkt->flow;
	barrier_var(plain);
	if (pkt->family == 4)
		copy_plain_ipv4(&flow, plain);
	else
		copy_plain_ipv6(&flow, plain);
	return flow;
}

static __always_inline enum verdict drop(struct packet *pkt, enum sluice_drop_reason why)
{
	stay_rare();
	pkt->reason = why;
	return V_DROP;
}

static __always_inline enum verdict pass(struct packet *pkt, enum sluice_pass_reason why)
{
	stay_rare();
	pkt->reason = why;
	return V_PASS;
}

static __always_inline enum verdict reply(struct packet *pkt, enum sluice_reply_reason why)
{
	pkt->reason = why;
	return V_REPLY;
}
