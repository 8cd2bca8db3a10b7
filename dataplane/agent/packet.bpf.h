// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The state one packet carries through the agent, and what a stage can decide.
#pragma once

#include "abi/agent_abi.h"
#include "net/cursor.h"
#include "packet.bpf.h"

// One IP header of the two.
struct ip_layer {
	struct sluice_addr src;
	struct sluice_addr dst;
	__u16 len;   // the IP packet: header and payload, as the header says
	__u8 tos;    // DSCP and ECN
	__u8 family; // 4 or 6
};

// Verdicts are those of packet.bpf.h; V_PASS is to the kernel: opened, or untouched for a reason.
struct tunnel_packet {
	struct hook_ctx *ctx;
	struct cursor cur; // find_tunnel: at the outer header; open_tunnel: at the inner header
	struct ip_layer outer;
	struct ip_layer inner;
	__u16 outer_len; // bytes in front of the inner packet, without Ethernet; until
			 // open_tunnel() of the outer IP header
	__u16 carried;	 // of the packet, bytes behind these
	__u8 proto;	 // what the outer header says comes next
	_Bool later;	 // a fragment that is not the first: no ports
	_Bool opened;	 // out of its tunnel
	enum sluice_agent_tunnel kind;
	enum sluice_agent_drop_reason drop_reason;
	enum sluice_agent_pass_reason pass_reason;
};

static __always_inline enum verdict refuse(struct tunnel_packet *pkt,
					   enum sluice_agent_drop_reason why)
{
	pkt->drop_reason = why;
	return V_DROP;
}

static __always_inline enum verdict leave(struct tunnel_packet *pkt,
					  enum sluice_agent_pass_reason why)
{
	pkt->pass_reason = why;
	return V_PASS;
}
