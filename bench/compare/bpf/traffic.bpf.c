// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Both ends of a comparison: makes the packets that go to a balancer, and counts what comes back.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "traffic_abi.h"

// Volatile: so that each field is one load and one store.
const volatile struct traffic_packet packet;
const volatile struct traffic_delivery delivery;

struct traffic_order orders[TRAFFIC_CPUS];

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct traffic_count);
} counts SEC(".maps");

static __always_inline __u16 checksum_of(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

static __always_inline void write_ethernet(struct bench_ethernet *eth)
{
	eth->to_begin = packet.ethernet.to_begin;
	eth->to_end = packet.ethernet.to_end;
	eth->from_begin = packet.ethernet.from_begin;
	eth->from_end = packet.ethernet.from_end;
	eth->type = packet.ethernet.type;
}

// `addresses` is the sum of the source address's words.
static __always_inline void write_ipv4(struct bench_ipv4 *ip, __be32 source, __u32 addresses)
{
	ip->version_and_length = packet.ipv4.version_and_length;
	ip->tos = packet.ipv4.tos;
	ip->length = packet.ipv4.length;
	ip->id = packet.ipv4.id;
	ip->fragment = packet.ipv4.fragment;
	ip->ttl = packet.ipv4.ttl;
	ip->protocol = packet.ipv4.protocol;
	ip->checksum = checksum_of(packet.ipv4_sum + addresses);
	ip->source = source;
	ip->destination = packet.ipv4.destination;
}

// Of live frames: made anew each time, because the kernel takes a frame again as it was left.
SEC("xdp")
int make_packet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct bench_ipv4 *ip = data + BENCH_ETHERNET_LENGTH;
	struct bench_udp *udp = (void *)(ip + 1);
	struct traffic_order *order = &orders[bpf_get_smp_processor_id() % TRAFFIC_CPUS];
	__u32 flow =
	    (__u32)order->first + bench_flow_at(order->sequence, order->multiplier, order->mask);
	__be32 source = bpf_htonl((__u32)bench_flow_address(bpf_ntohl(packet.ipv4.source), flow));
	__be16 port = bpf_htons(bench_flow_port(flow));
	__u32 addresses = (source & 0xffff) + (source >> 16);

	if ((void *)(udp + 1) > end)
		return XDP_ABORTED;
	order->sequence++;
	write_ethernet(data);
	write_ipv4(ip, source, addresses);
	udp->source = port;
	udp->destination = packet.udp.destination;
	udp->length = packet.udp.length;
	udp->checksum = checksum_of(packet.udp_sum + addresses + port);
	return XDP_TX;
}

static __always_inline _Bool is_delivered(const struct iphdr *ip, __u32 length)
{
	return ip->protocol == delivery.protocol && length == delivery.length &&
	       (ip->daddr & delivery.mask) == delivery.to;
}

// What else may come, such as ARP, is the host's business.
SEC("xdp")
int count_packet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct ethhdr *eth = data;
	const struct iphdr *ip = (void *)(eth + 1);
	const __u32 zero = 0;
	struct traffic_count *count;
	__u32 backend;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_IPIP)
		return XDP_PASS;
	count = bpf_map_lookup_elem(&counts, &zero);
	if (!count)
		return XDP_ABORTED;
	if (!is_delivered(ip, (__u32)(end - data))) {
		count->astray++;
		return XDP_DROP;
	}
	backend = delivery.by_mac ? eth->h_dest[ETH_ALEN - 1] : bpf_ntohl(ip->daddr);
	count->reached |= 1ull << (backend % TRAFFIC_BACKENDS);
	count->delivered++;
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
