// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The tc door to the walk of a packet on a backend: see agent/walk.bpf.h.
#include "ctx/agent_skb.bpf.h"
#include "agent/walk.bpf.h"

SEC("tc")
int sluice_agent(struct __sk_buff *ctx)
{
	return walk(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
