// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The walk of a packet on a backend, out of the balancer's tunnel, whichever door it came in by.
// Read this function first: its order is the order of the files here.
#pragma once

#include "agent/find_tunnel.bpf.h"
#include "agent/admit_outer.bpf.h"
#include "agent/open_tunnel.bpf.h"
#include "agent/admit_inner.bpf.h"
#include "agent/merge_ecn.bpf.h"
#include "agent/strip.bpf.h"
#include "agent/finish.bpf.h"

static __always_inline int walk(struct hook_ctx *ctx)
{
	struct tunnel_packet pkt = {.ctx = ctx};
	enum verdict v = find_tunnel(&pkt);

	if (v == V_NEXT)
		v = admit_outer(&pkt);
	if (v == V_NEXT)
		v = open_tunnel(&pkt);
	if (v == V_NEXT)
		v = admit_inner(&pkt);
	if (v == V_NEXT)
		v = merge_ecn(&pkt);
	if (v == V_NEXT)
		v = strip(&pkt);
	return finish(&pkt, v);
}
