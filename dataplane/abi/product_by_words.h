// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// sluice_product() by long multiplication, of 32-bit numbers only. To be included before product.h.
#pragma once

#include <linux/types.h>

// The compiler must not know that the words belong together: clang (14 and 19) is proud of seeing
// that all this is one 64-bit product.
static inline __u64 sluice_product_by_words(__u64 a, __u64 b)
{
	__u32 a_low = a, a_high = a >> 32;
	__u64 low;

	__asm__ volatile("" : "+r"(a_low));
	__asm__ volatile("" : "+r"(a_high));
	low = (__u64)a_low * (__u32)b;
	return low + ((__u64)(a_low * (__u32)(b >> 32) + a_high * (__u32)b) << 32);
}

#define sluice_product(a, b) sluice_product_by_words(a, b)
