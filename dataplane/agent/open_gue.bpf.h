// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// GUE (draft-ietf-intarea-gue), variants 0 and 1.
#pragma once

#include "agent/opening.bpf.h"

enum {
	GUE_VARIANT = 0xc0,
	GUE_VARIANT_1 = 0x40, // the inner packet itself: IPv4 and IPv6 begin with these bits
	GUE_CONTROL = 0x20,
	GUE_HLEN = 0x1f, // words behind the header
};

struct gue_header {
	__u8 first;
	__u8 proto;
	__be16 flags;
};

static __always_inline int open_gue(struct opening *o)
{
	struct cursor peek = o->cur;
	const __u8 *first = take(&peek, sizeof(*first));
	const struct gue_header *gue;
	__u8 proto;

	if (!first || !o->left)
		return SLUICE_AGENT_DROP_TUNNEL_LENGTH;
	if ((*first & GUE_VARIANT) == GUE_VARIANT_1)
		return open_bare(o);
	if (*first & GUE_VARIANT)
		return SLUICE_AGENT_DROP_TUNNEL_VERSION;
	gue = take_tunnel(o, sizeof(*gue));
	if (!gue)
		return SLUICE_AGENT_DROP_TUNNEL_LENGTH;
	if (gue->first & GUE_CONTROL)
		return SLUICE_AGENT_DROP_TUNNEL_CONTROL;
	// A flag says what the words behind mean; where there is none they are private to the
	// sender.
	if (gue->flags)
		return SLUICE_AGENT_DROP_TUNNEL_FLAGS;
	proto = gue->proto;
	if (!take_tunnel(o, (gue->first & GUE_HLEN) * sizeof(__u32)))
		return SLUICE_AGENT_DROP_TUNNEL_LENGTH;
	return open_protocol(o, proto);
}
