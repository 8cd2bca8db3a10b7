// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stage 11: which way out?
#pragma once

#include "packet.bpf.h"

static __always_inline enum verdict transmit(struct packet *pkt)
{
	return pkt->member->ifindex == hook_ingress(pkt->ctx) ? V_TX : V_REDIRECT;
}
