// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Geneve (RFC 8926), around an IP packet or an Ethernet frame with one.
#pragma once

#include "agent/opening.bpf.h"

enum {
	GENEVE_VERSION = 0xc0,
	GENEVE_OPTIONS = 0x3f, // their length in words
	GENEVE_CONTROL = 0x80,
	GENEVE_CRITICAL = 0x40, // one of the options must be understood
};

struct geneve_header {
	__u8 first;
	__u8 flags; // the lower six are to be ignored
	__be16 type;
	__be32 network; // in its upper three bytes
};

// The MAC addresses are those of the tunnel's own network, which has no other members here.
static __always_inline int open_ethernet(struct opening *o)
{
	const struct ethhdr *eth = take_tunnel(o, sizeof(*eth));

	if (!eth)
		return SLUICE_AGENT_DROP_TUNNEL_LENGTH;
	return open_ethertype(o, eth->h_proto, SLUICE_AGENT_DROP_INNER_ETHERNET);
}

// The number of the virtual network is not judged: the VIPs are in one.
static __always_inline int open_geneve(struct opening *o)
{
	const struct geneve_header *geneve = take_tunnel(o, sizeof(*geneve));
	__be16 type;

	if (!geneve)
		return SLUICE_AGENT_DROP_TUNNEL_LENGTH;
	if (geneve->first & GENEVE_VERSION)
		return SLUICE_AGENT_DROP_TUNNEL_VERSION;
	if (geneve->flags & GENEVE_CONTROL)
		return SLUICE_AGENT_DROP_TUNNEL_CONTROL;
	if (geneve->flags & GENEVE_CRITICAL)
		return SLUICE_AGENT_DROP_TUNNEL_OPTION;
	type = geneve->type;
	if (!take_tunnel(o, (geneve->first & GENEVE_OPTIONS) * sizeof(__u32)))
		return SLUICE_AGENT_DROP_TUNNEL_LENGTH;
	if (type == bpf_htons(ETH_P_TEB))
		return open_ethernet(o);
	return open_ethertype(o, type, SLUICE_AGENT_DROP_TUNNEL_PROTOCOL);
}
