// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is particular to an XDP program that runs in a network device, and nothing else: the only
// way out is the one back.
#pragma once

#include "ctx/frame.bpf.h"

// Not every device can.
static __always_inline int hook_cut_tail(struct hook_ctx *ctx, int bytes)
{
	return -1;
}

// A packet that no stage decided about must not reach anybody.
static __always_inline int hook_action(const struct packet *pkt, enum verdict v)
{
	switch (v) {
	case V_PASS:
		return XDP_PASS;
	case V_TX:
		return XDP_TX;
	default:
		return XDP_DROP;
	}
}
