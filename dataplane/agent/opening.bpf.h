// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The way from the outer IP header to the inner packet, which is another in each kind of tunnel.
#pragma once

#include "agent/packet.bpf.h"
#include "net/ip.h"

enum {
	OPENED = -1, // otherwise an enum sluice_agent_drop_reason
};

struct opening {
	struct cursor cur;
	__u32 left;   // bytes of the tunnel packet from the cursor on; behind them may be padding
	__u32 family; // 4 or 6: what the tunnel says is inside
};

// As take(), but nothing that is not part of the tunnel packet.
static __always_inline void *take_tunnel(struct opening *o, __u32 len)
{
	void *p = o->left < len ? NULL : take(&o->cur, len);

	if (p)
		o->left -= len;
	return p;
}

static __always_inline int open_protocol(struct opening *o, __u8 proto)
{
	if (proto != IPPROTO_IPIP && proto != IPPROTO_IPV6)
		return SLUICE_AGENT_DROP_TUNNEL_PROTOCOL;
	o->family = proto == IPPROTO_IPIP ? 4 : 6;
	return OPENED;
}

static __always_inline int open_ethertype(struct opening *o, __be16 type, int otherwise)
{
	if (type != bpf_htons(ETH_P_IP) && type != bpf_htons(ETH_P_IPV6))
		return otherwise;
	o->family = type == bpf_htons(ETH_P_IP) ? 4 : 6;
	return OPENED;
}

// The inner packet is here, and nothing but its own version says what it is.
static __always_inline int open_bare(struct opening *o)
{
	struct cursor peek = o->cur;
	const __u8 *first = take(&peek, sizeof(*first));

	if (!first || !o->left)
		return SLUICE_AGENT_DROP_INNER_LENGTH;
	o->family = *first >> 4;
	return o->family == 4 || o->family == 6 ? OPENED : SLUICE_AGENT_DROP_INNER_HEADER;
}
