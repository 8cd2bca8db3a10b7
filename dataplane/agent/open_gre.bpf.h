// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// GRE (RFC 2784), with key and sequence number (RFC 2890).
#pragma once

#include "agent/opening.bpf.h"

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	// RFC 1701's routing, strict source route and what stands beside: who does not implement it
	// must discard. The bits behind must be ignored (RFC 2784, 2.3).
	GRE_REFUSED = 0x4c00,
	GRE_VERSION = 0x0007,
	GRE_FIELD = 4, // bytes of each optional field
};

struct gre_header {
	__be16 flags;
	__be16 type; // of what is inside, as in Ethernet
};

// The checksum is not verified: XDP cannot afford to look at the whole packet, and the inner packet
// has checksums of its own, which the kernel verifies. Neither are key and sequence number judged.
static __always_inline int open_gre(struct opening *o)
{
	const struct gre_header *gre = take_tunnel(o, sizeof(*gre));
	__u16 flags;
	__be16 type;

	if (!gre)
		return SLUICE_AGENT_DROP_TUNNEL_LENGTH;
	flags = bpf_ntohs(gre->flags);
	type = gre->type;
	if (flags & GRE_VERSION)
		return SLUICE_AGENT_DROP_TUNNEL_VERSION;
	if (flags & GRE_REFUSED)
		return SLUICE_AGENT_DROP_TUNNEL_FLAGS;
	if ((flags & GRE_CHECKSUM && !take_tunnel(o, GRE_FIELD)) ||
	    (flags & GRE_KEY && !take_tunnel(o, GRE_FIELD)) ||
	    (flags & GRE_SEQUENCE && !take_tunnel(o, GRE_FIELD)))
		return SLUICE_AGENT_DROP_TUNNEL_LENGTH;
	return open_ethertype(o, type, SLUICE_AGENT_DROP_TUNNEL_PROTOCOL);
}
