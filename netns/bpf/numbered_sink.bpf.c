// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Writes down which numbered packets arrive, how often and by which way, and ends them here.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "numbered.h"

enum {
	RECORDS = 1 << 16, // or what is asked for before the program is loaded; a power of two
	MAX_LENGTH = 2047, // of a frame that is looked at
	WAYS = 1024,
};

// By the number modulo its size. Mapped by whoever reads and clears it.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, RECORDS);
	__type(key, __u32);
	__type(value, __u64);
} records SEC(".maps");

// One more than the highest number that has arrived, more or less: CPUs may overwrite each other.
// Mapped by whoever sends.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} progress SEC(".maps");

// The marks of ways.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WAYS);
	__type(key, struct numbered_way);
	__type(value, __u32);
} marks SEC(".maps");

const volatile __u32 cfg_record_mask = RECORDS - 1;

// NULL if it is no numbered packet.
static __always_inline const struct numbered_tail *tail_of(void *data, void *end)
{
	const struct numbered_tail *tail;
	__u64 at = end - data;

	at -= sizeof(*tail);
	barrier_var(at); // or clang adds it behind the check: "R2 offset is outside of the packet"
	if (at > MAX_LENGTH)
		return NULL;
	tail = data + at;
	return (void *)(tail + 1) <= end && tail->magic == NUMBERED_MAGIC ? tail : NULL;
}

static __always_inline _Bool read_way(void *data, void *end, struct numbered_way *way)
{
	const struct ethhdr *eth = data;
	const struct iphdr *ip = (void *)(eth + 1);
	const struct ipv6hdr *ip6 = (void *)(eth + 1);

	if ((void *)(ip + 1) > end)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		way->to[10] = way->to[11] = 0xff;
		__builtin_memcpy(&way->to[12], &ip->daddr, sizeof(ip->daddr));
		way->protocol = ip->protocol;
		return 1;
	}
	if (eth->h_proto != bpf_htons(ETH_P_IPV6) || (void *)(ip6 + 1) > end)
		return 0;
	__builtin_memcpy(way->to, &ip6->daddr, sizeof(ip6->daddr));
	way->protocol = ip6->nexthdr;
	return 1;
}

static __always_inline void note_progress(__u64 number)
{
	const __u32 zero = 0;
	__u64 *next = bpf_map_lookup_elem(&progress, &zero);

	if (next && *next <= number)
		*next = number + 1;
}

SEC("xdp")
int numbered_sink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct numbered_tail *tail = tail_of(data, end);
	struct numbered_way way = {};
	__u32 at, *mark;
	__u64 *record;

	if (!tail || !read_way(data, end, &way))
		return XDP_PASS;
	way.stream = tail->stream;
	at = tail->number & cfg_record_mask;
	record = bpf_map_lookup_elem(&records, &at);
	if (!record)
		return XDP_ABORTED;
	mark = bpf_map_lookup_elem(&marks, &way);
	__sync_fetch_and_or(record,
			    NUMBERED_MARK_BIT(mark ? *mark % NUMBERED_MARKS : NUMBERED_STRAY));
	__sync_fetch_and_add(record, 1);
	note_progress(tail->number);
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
