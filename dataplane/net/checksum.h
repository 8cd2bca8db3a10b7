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
