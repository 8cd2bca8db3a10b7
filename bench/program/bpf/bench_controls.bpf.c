// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs whose work is known, measured beside the one that matters.
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

enum {
	OUTER_LENGTH = 20, // of an IPv4 header
	HEAD_LENGTH = 14 + OUTER_LENGTH,
	HEAD_WORDS = HEAD_LENGTH / 8,
};

// Ethernet and outer IPv4 header, ready made.
const volatile union {
	__u8 byte[HEAD_LENGTH];
	struct {
		__u64 word[HEAD_WORDS];
		__u16 rest;
	};
} head;

// The floor: what is measured is net of it.
SEC("xdp")
int null_tx(struct xdp_md *ctx)
{
	return XDP_TX;
}

// Room for the header in front of the packet; NULL if there is none.
static __always_inline void *make_room(struct xdp_md *ctx)
{
	void *at, *end;

	if (bpf_xdp_adjust_head(ctx, -OUTER_LENGTH))
		return NULL;
	at = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	return at + HEAD_LENGTH > end ? NULL : at;
}

// Encapsulation alone: no parsing, no lookup. Byte by byte, which is how clang copies a packed
// header or an array of bytes.
SEC("xdp")
int encap_only(struct xdp_md *ctx)
{
	__u8 *at = make_room(ctx);

	if (!at)
		return XDP_DROP;
#pragma unroll
	for (int i = 0; i < HEAD_LENGTH; i++)
		at[i] = head.byte[i];
	return XDP_TX;
}

// The same in words, which is how the data plane copies its headers: the least it can cost.
SEC("xdp")
int encap_words(struct xdp_md *ctx)
{
	__u64 *at = make_room(ctx);

	if (!at)
		return XDP_DROP;
#pragma unroll
	for (int i = 0; i < HEAD_WORDS; i++)
		at[i] = head.word[i];
	*(__u16 *)(at + HEAD_WORDS) = head.rest;
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
