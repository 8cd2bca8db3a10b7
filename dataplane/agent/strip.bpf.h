// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 6: take the outer header off; the Ethernet header stays, with the inner packet's type.
#pragma once

#include <linux/if_ether.h>
#include "agent/packet.bpf.h"
#include "ctx/xdp.bpf.h"
#include "net/ip.h"

// The MAC addresses are carried over in words: a struct ethhdr would be copied byte by byte.
static __always_inline enum verdict strip(struct tunnel_packet *pkt)
{
	const __be16 type = pkt->inner.family == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	struct cursor c = hook_packet(pkt->ctx);
	void *eth = take(&c, ETH_HLEN);
	__u64 first;
	__u32 second;

	if (!eth)
		return refuse(pkt, SLUICE_AGENT_DROP_STRIP);
	first = *(__u64 *)eth;
	second = *(__u32 *)(eth + sizeof(first));
	if (hook_make_room(pkt->ctx, -(int)pkt->outer_len))
		return refuse(pkt, SLUICE_AGENT_DROP_STRIP);
	c = hook_packet(pkt->ctx);
	eth = take(&c, ETH_HLEN);
	if (!eth)
		return refuse(pkt, SLUICE_AGENT_DROP_STRIP);
	*(__u64 *)eth = first;
	*(__u32 *)(eth + sizeof(first)) = second;
	*(__be16 *)(eth + ETH_HLEN - sizeof(type)) = type;
	pkt->opened = 1;
	return V_PASS;
}
