// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The tc door to the walk of a packet: see walk.bpf.h.
#include "ctx/skb.bpf.h"
#include "host.bpf.h"
#include "walk.bpf.h"

SEC("tc")
int sluice_ingress(struct __sk_buff *ctx)
{
	return walk(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
