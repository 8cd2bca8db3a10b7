// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The XDP door to the walk of a packet: see walk.bpf.h.
#include "ctx/xdp.bpf.h"
#include "host.bpf.h"
#include "walk.bpf.h"

SEC("xdp")
int sluice_ingress(struct xdp_md *ctx)
{
	return walk(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
