// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The whole walk of a packet in the host's kernel, whichever door it came in by. Read this function
// first: its order is the order of the files in stage/.
#pragma once

#include "stage/parse.bpf.h"
#include "stage/vip.bpf.h"
#include "stage/admit.bpf.h"
#include "stage/loop.bpf.h"
#include "stage/icmp.bpf.h"
#include "stage/fragment.bpf.h"
#include "stage/service.bpf.h"
#include "stage/ring.bpf.h"
#include "stage/fit.bpf.h"
#include "stage/encap.bpf.h"
#include "stage/transmit.bpf.h"
#include "finish.bpf.h"

static __always_inline int walk(struct hook_ctx *ctx)
{
	struct packet pkt = {.ctx = ctx, .cur = hook_begin(ctx)};
	enum verdict v = parse(&pkt);

	if (v == V_NEXT)
		v = find_vip(&pkt);
	if (v == V_NEXT)
		v = admit(&pkt);
	if (v == V_NEXT)
		v = refuse_loop(&pkt);
	if (v == V_NEXT)
		v = steer_icmp(&pkt);
	if (v == V_NEXT)
		v = find_fragment(&pkt);
	if (v == V_NEXT)
		v = find_service(&pkt);
	if (v == V_NEXT)
		v = remember_fragment(&pkt);
	if (v == V_NEXT)
		v = choose_member(&pkt);
	if (v == V_NEXT)
		v = check_fit(&pkt);
	if (v == V_NEXT)
		v = encap(&pkt);
	if (v == V_NEXT)
		v = transmit(&pkt);
	return finish(&pkt, v);
}
