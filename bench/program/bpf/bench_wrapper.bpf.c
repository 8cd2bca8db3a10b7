// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What BPF_PROG_TEST_RUN repeats: calls the program under test, takes note of its answer, and makes
// the packet anew, because a test run does not: without that, an encapsulating program sees its own
// tunnel packet from the second round on.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench_abi.h"

// Volatile: so that each field is one load and one store.
const volatile struct bench_headers headers;

struct bench_state state;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

// A global function, verified by itself: its caller then knows nothing of what comes back. The
// exit of a program that is tail-called here returns to the caller.
__attribute__((noinline)) int call_program(struct xdp_md *ctx)
{
	int nobody = XDP_ABORTED;

	bpf_tail_call(ctx, &under_test, 0);
	asm volatile("" : "+r"(nobody)); // or clang takes it for what is always returned
	return nobody;
}

static __always_inline void write_ethernet(struct bench_ethernet *eth)
{
	eth->to_begin = headers.ethernet.to_begin;
	eth->to_end = headers.ethernet.to_end;
	eth->from_begin = headers.ethernet.from_begin;
	eth->from_end = headers.ethernet.from_end;
	eth->type = headers.ethernet.type;
}

static __always_inline void write_ipv4(struct bench_ipv4 *ip, __u32 flow)
{
	const __u32 base = bpf_ntohl(headers.ipv4.source);

	ip->version_and_length = headers.ipv4.version_and_length;
	ip->tos = headers.ipv4.tos;
	ip->length = headers.ipv4.length;
	ip->id = headers.ipv4.id;
	ip->fragment = headers.ipv4.fragment;
	ip->ttl = headers.ipv4.ttl;
	ip->protocol = headers.ipv4.protocol;
	ip->checksum = headers.ipv4.checksum;
	ip->source = bpf_htonl(bench_flow_address(base, flow));
	ip->destination = headers.ipv4.destination;
}

static __always_inline void write_ipv6(struct bench_ipv6 *ip, __u32 flow)
{
	const __u64 base = bpf_be64_to_cpu(headers.ipv6.source[1]);

	ip->version_class_label = headers.ipv6.version_class_label;
	ip->payload_length = headers.ipv6.payload_length;
	ip->next_header = headers.ipv6.next_header;
	ip->hop_limit = headers.ipv6.hop_limit;
	ip->source[0] = headers.ipv6.source[0];
	ip->source[1] = bpf_cpu_to_be64(bench_flow_address(base, flow));
	ip->destination[0] = headers.ipv6.destination[0];
	ip->destination[1] = headers.ipv6.destination[1];
}

static __always_inline void write_tcp(struct bench_tcp *tcp, __u32 flow)
{
	tcp->source = bpf_htons(bench_flow_port(flow));
	tcp->destination = headers.tcp.destination;
	tcp->sequence = headers.tcp.sequence;
	tcp->acknowledged = headers.tcp.acknowledged;
	tcp->offset_and_flags = headers.tcp.offset_and_flags;
	tcp->window = headers.tcp.window;
	tcp->checksum = headers.tcp.checksum;
	tcp->urgent = headers.tcp.urgent;
}

static __always_inline void write_udp(struct bench_udp *udp, __u32 flow)
{
	udp->source = bpf_htons(bench_flow_port(flow));
	udp->destination = headers.udp.destination;
	udp->length = headers.udp.length;
	udp->checksum = headers.udp.checksum;
}

static __always_inline int write_l4(void *at, void *end, __u32 flow)
{
	if (headers.is_udp) {
		if (at + sizeof(struct bench_udp) > end)
			return XDP_ABORTED;
		write_udp(at, flow);
	} else {
		if (at + sizeof(struct bench_tcp) > end)
			return XDP_ABORTED;
		write_tcp(at, flow);
	}
	return XDP_TX;
}

static __always_inline int write_packet(struct xdp_md *ctx, __u32 flow)
{
	void *at = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	if (at + sizeof(struct bench_ethernet) > end)
		return XDP_ABORTED;
	write_ethernet(at);
	at += BENCH_ETHERNET_LENGTH;
	if (headers.is_v6) {
		if (at + sizeof(struct bench_ipv6) > end)
			return XDP_ABORTED;
		write_ipv6(at, flow);
		return write_l4(at + sizeof(struct bench_ipv6), end, flow);
	}
	if (at + sizeof(struct bench_ipv4) > end)
		return XDP_ABORTED;
	write_ipv4(at, flow);
	return write_l4(at + sizeof(struct bench_ipv4), end, flow);
}

// Goes the same way whatever the program under test did: adjust_head is called for no growth, too.
SEC("xdp")
int bench_wrapper(struct xdp_md *ctx)
{
	const __u32 action = call_program(ctx);

	if (bpf_xdp_adjust_head(ctx, (int)state.growth))
		return XDP_ABORTED;
	state.actions[action & (BENCH_ACTIONS - 1)]++;
	state.sequence++;
	return write_packet(ctx, bench_flow_at(state.sequence, state.multiplier, state.mask));
}

char _license[] SEC("license") = "Dual BSD/GPL";
