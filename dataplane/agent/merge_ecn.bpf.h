// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 5: congestion that the outer header met on the way is told to the inner packet.
#pragma once

#include "agent/packet.bpf.h"
#include "net/ecn.h"
#include "net/ip.h"

// What changes in an IPv4 header is made up for by its checksum, so that their sum stays.
static __always_inline void set_inner_ecn(struct tunnel_packet *pkt, __u8 ecn)
{
	struct cursor c = pkt->cur;

	if (pkt->inner.family == 4) {
		struct iphdr *ip = take_hdr(&c, iphdr);

		if (ip)
			ipv4_set_ecn(ip, ecn);
	} else {
		struct ipv6hdr *ip = take_hdr(&c, ipv6hdr);

		if (ip) {
			const __be32 before = *(__be32 *)ip;

			ipv6_set_ecn(ip, ecn);
			hook_word_changed(pkt->ctx, before, *(__be32 *)ip);
		}
	}
}

static __always_inline enum verdict merge_ecn(struct tunnel_packet *pkt)
{
	const __u8 inner = pkt->inner.tos & ECN_MASK;
	const int ecn = ecn_leaving_tunnel(pkt->outer.tos & ECN_MASK, inner);

	if (ecn == ECN_LOST)
		return refuse(pkt, SLUICE_AGENT_DROP_ECN);
	if (ecn != inner)
		set_inner_ecn(pkt, ecn);
	return V_NEXT;
}
