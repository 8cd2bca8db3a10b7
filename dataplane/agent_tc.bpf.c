// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The walk of a packet on a backend, at the tc hook: that of agent_xdp.bpf.c behind another
// door. Its order is the order of the files in agent/.
#include "ctx/agent_skb.bpf.h"

#include "agent/find_tunnel.bpf.h"
#include "agent/admit_outer.bpf.h"
#include "agent/open_tunnel.bpf.h"
#include "agent/admit_inner.bpf.h"
#include "agent/merge_ecn.bpf.h"
#include "agent/strip.bpf.h"
#include "agent/finish.bpf.h"

SEC("tc")
int sluice_agent(struct __sk_buff *ctx)
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

char _license[] SEC("license") = "Dual BSD/GPL";
