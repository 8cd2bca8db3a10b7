// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The walk of a packet in a network device: what of walk.bpf.h a device can do. Read this
// function first: its order is the order of the files in stage/.
#include "ctx/device.bpf.h"
#include "device.bpf.h"

#include "stage/parse.bpf.h"
#include "stage/vip.bpf.h"
#include "stage/admit.bpf.h"
#include "stage/loop.bpf.h"
#include "stage/icmp.bpf.h"
#include "stage/service.bpf.h"
#include "stage/ring.bpf.h"
#include "stage/fit.bpf.h"
#include "stage/encap.bpf.h"
#include "finish.bpf.h"

SEC("xdp")
int sluice_ingress(struct xdp_md *ctx)
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
		v = refuse_fragment(&pkt);
	if (v == V_NEXT)
		v = find_service(&pkt);
	keep_in_memory(&pkt);
	if (v == V_NEXT)
		v = choose_member(&pkt);
	if (v == V_NEXT)
		v = check_fit(&pkt);
	if (v == V_NEXT)
		v = encap(&pkt);
	if (v == V_NEXT)
		v = V_TX; // the only way out
	return finish(&pkt, v);
}

char _license[] SEC("license") = "Dual BSD/GPL";
