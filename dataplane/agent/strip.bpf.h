// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 6: take the outer header off; the Ethernet header stays, with the inner packet's type.
#pragma once

#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include "agent/packet.bpf.h"

static __always_inline enum verdict strip(struct tunnel_packet *pkt)
{
	const __be16 type = pkt->inner.family == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	// GRE may have a checksum, and UDP's counts even where it is zero.
	const _Bool plain = pkt->kind == SLUICE_AGENT_TUNNEL_IPIP;

	if (hook_strip(pkt->ctx, pkt->outer_len, type, plain))
		return refuse(pkt, SLUICE_AGENT_DROP_STRIP);
	pkt->opened = 1;
	return V_PASS;
}
