// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The Internet checksum (RFC 1071).
#pragma once

#include <linux/types.h>
#include "net/cursor.h"

// Folds a sum of 16-bit words, carries and all, to 16 bits. Two folds are enough for any 32-bit
// sum.
static __always_inline __u16 csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

// The same for a sum of 32-bit sums.
static __always_inline __u16 csum_fold64(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return csum_fold(sum);
}

// Folded sum of `words` 16-bit words as they lie in memory; `words` is a small constant.
static __always_inline __u16 csum_words(const void *start, __u32 words)
{
	const __u16 *w = start;
	__u32 sum = 0;

	for (__u32 i = 0; i < words; i++)
		sum += w[i];
	return csum_fold(sum);
}
