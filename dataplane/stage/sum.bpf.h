// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One's complement sum over a stretch of the packet.
#pragma once

#include <bpf/bpf_helpers.h>
#include "net/checksum.h"
#include "net/cursor.h"
#include "packet.bpf.h"

#define SUM_BLOCK 512 // what bpf_csum_diff() takes at most (6.1)
#define SUM_BLOCKS 20 // more than a jumbo frame has
#define SUM_FRAME_MAX (SUM_BLOCKS * SUM_BLOCK)

static __always_inline _Bool sum_block(struct cursor *c, __u32 size, __u64 *sum)
{
	__be32 *p = take(c, size);

	if (!p)
		return 0;
	*sum += (__u32)bpf_csum_diff(NULL, 0, p, size, 0);
	return 1;
}

// Adds the last `len` bytes, fewer than a block: one for each bit of the number, because the
// verifier wants to know the size of each.
static __always_inline _Bool sum_rest(struct cursor *c, __u32 len, __u64 *sum)
{
#pragma clang loop unroll(full)
	for (__u32 size = SUM_BLOCK / 2; size >= sizeof(__be32); size /= 2)
		if (len & size && !sum_block(c, size, sum))
			return 0;
	if (len & 2) {
		const __u16 *word = take(c, 2);

		if (!word)
			return 0;
		*sum += *word;
	}
	if (len & 1) {
		const __u8 *byte = take(c, 1);

		if (!byte)
			return 0;
		*sum += bpf_htons((__u16)(*byte << 8));
	}
	return 1;
}

// The folded sum of the last `len` bytes of a stretch that end at byte `end` of the frame, or -1.
// Global functions, these two: the verifier multiplies the paths through a function by those that
// lead there unless it looks at it by itself.
__attribute__((noinline)) int sum_tail(struct hook_ctx *ctx, __u32 end, __u32 len)
{
	struct cursor c = hook_packet(ctx);
	__u64 sum = 0;

	len &= SUM_BLOCK - 1;
	if (end < len || end > SUM_FRAME_MAX || !take(&c, (end - len) & 0x3fff))
		return -1;
	return sum_rest(&c, len, &sum) ? csum_fold64(sum) : -1;
}

// The folded sum of the `blocks` whole blocks from byte `at` of the frame on, or -1.
__attribute__((noinline)) int sum_blocks(struct hook_ctx *ctx, __u32 at, __u32 blocks)
{
	struct cursor c = hook_packet(ctx);
	__u64 sum = 0;

	if (at > SUM_FRAME_MAX || blocks > SUM_BLOCKS || !take(&c, at))
		return -1;
	barrier_var(blocks); // or clang (19) leaves the one bound out, and the verifier wants it
	for (__u32 i = 0; i < SUM_BLOCKS && i < blocks; i++)
		if (!sum_block(&c, SUM_BLOCK, &sum))
			return -1;
	return csum_fold64(sum);
}
