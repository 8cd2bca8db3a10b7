// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Somebody else's XDP program: counts what it sees, and passes it. Like ours it is one that may
// change packets, though it does not: from 6.12 on the verifier takes no such program as an
// extension.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} seen SEC(".maps");

SEC("xdp")
int neighbour(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *packets = bpf_map_lookup_elem(&seen, &zero);

	if (packets)
		__sync_fetch_and_add(packets, 1);
	bpf_xdp_adjust_head(ctx, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
