// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The XDP door to the walk of a packet on a backend: see agent/walk.bpf.h.
#include "ctx/agent_xdp.bpf.h"
#include "agent/walk.bpf.h"

SEC("xdp")
int sluice_agent(struct xdp_md *ctx)
{
	return walk(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
