// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The least a balancer could do: every frame goes back at once, to a backend's MAC address.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int reflect(struct xdp_md *ctx)
{
	const __u8 backend[ETH_ALEN] = {0x02, 0, 0, 0, 0x77, 0};
	struct ethhdr *eth = (void *)(long)ctx->data;
	const struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, backend, ETH_ALEN);
	// One of four, by the client's address.
	eth->h_dest[ETH_ALEN - 1] = ((const __u8 *)&ip->saddr)[3] & 3;
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
