// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The whole walk of a packet in the host's kernel, whichever door it came in by. Read this file
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

// The second half, of a packet whose member is known.
static __always_inline enum verdict forward(struct packet *pkt)
{
	enum verdict v = check_fit(pkt);

	if (likely(v == V_NEXT))
		v = encap(pkt);
	if (likely(v == V_NEXT))
		v = transmit(pkt);
	return v;
}

#include "stage/shortcut.bpf.h"

// Every stage, for packets that are not plain. A global function, verified by itself.
__attribute__((noinline)) int walk_all(struct hook_ctx *ctx)
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
	keep_in_memory(&pkt);
	if (v == V_NEXT)
		v = choose_member(&pkt);
	if (v == V_NEXT)
		v = forward(&pkt);
	return finish(&pkt, v);
}

enum { NO_ACTION = -2 }; // no hook has such a one

// A number that clang cannot know: or it keeps it on the stack from the beginning, for every
// packet.
static __always_inline int no_action(void)
{
	int action = NO_ACTION;

	barrier_var(action);
	return action;
}

static __always_inline int finish_plain(const struct packet *pkt, enum verdict v)
{
	if (likely(v == V_TX))
		return finish(pkt, V_TX);
	return unlikely(v == NOT_PLAIN) ? no_action() : finish(pkt, v);
}

// Functions of their own, because the kernel bounds the stack of functions that call each other: to
// 512 bytes together.
__attribute__((noinline)) int walk_plain_ipv4(struct hook_ctx *ctx)
{
	struct packet pkt = {.ctx = ctx};

	return finish_plain(&pkt, shorten_ipv4(&pkt));
}

__attribute__((noinline)) int walk_plain_ipv6(struct hook_ctx *ctx)
{
	struct packet pkt = {.ctx = ctx};

	return finish_plain(&pkt, shorten_ipv6(&pkt));
}

// What the frame says it carries, without tags; 0 where that is out of reach.
static __always_inline __be16 frame_type(struct hook_ctx *ctx)
{
	const struct cursor c = hook_packet(ctx);
	const struct ethernet *eth = c.pos;

	return (void *)(eth + 1) <= c.end ? eth->type : 0;
}

static __always_inline int walk(struct hook_ctx *ctx)
{
	int action = NO_ACTION;

	switch (frame_type(ctx)) {
	case bpf_htons(ETH_P_IP):
		action = walk_plain_ipv4(ctx);
		break;
	case bpf_htons(ETH_P_IPV6):
		action = walk_plain_ipv6(ctx);
		break;
	}
	return unlikely(action == NO_ACTION) ? walk_all(ctx) : action;
}
