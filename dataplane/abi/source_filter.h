// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Where the filter of a generation has the bit of an address, which says whether it might be a VIP
// or a martian source.
#pragma once

#include "product.h"
#include "sluice_abi.h"

// 16 bits that say little of an address, fast: an IPv4 address's first two bytes, or a hash of an
// IPv6 address's first eight. Addresses of one IPv4 /16, or IPv6 /64, have one place.
static inline __u32 sluice_filter_place_v4(__be32 address)
{
	return address & 0xffff;
}

static inline __u32 sluice_filter_place_v6(__u64 high)
{
	return sluice_product(high, 0x9e3779b97f4a7c15ull) >> 48;
}
