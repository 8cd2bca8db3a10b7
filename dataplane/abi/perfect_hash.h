// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Hash and displace: where a key stands in a table that was compiled without collisions.
//
// A key's hash chooses a bucket; the bucket's displacement, found when the table was compiled,
// moves each of its keys to a place of its own. A lookup is two array reads and one comparison.
// (Pagh: Hash and displace, WADS 1999.)
#pragma once

#include "product.h"
#include "sluice_abi.h"

static inline __u64 sluice_mix(__u64 h)
{
	h = sluice_product(h ^ h >> 32, 0xd6e8feb86659fd93ull);
	return h ^ h >> 32;
}

static inline __u64 sluice_vip_hash(const struct sluice_addr *a, __u64 seed)
{
	const __u64 high = (__u64)a->word[0] << 32 | a->word[1];
	const __u64 low = (__u64)a->word[2] << 32 | a->word[3];

	return sluice_mix(sluice_product(high ^ seed, 0x9e3779b97f4a7c15ull) + low);
}

// Services' hash is a sum of products, which wait for no other: all the rest of a packet's way
// waits for them. A product's bit depends on no higher ones of its factors. Hence halves are taken
// in host order, where addresses differ in the lowest bits; and since those of two providers differ
// in the first ones, the upper words of both halves have a product of their own: one of them in
// host order, so that what is often counted up in one is not made up for in the other. The
// multipliers are what is chosen anew until a table has no collisions.

// Of the halves of a VIP's address: what the hashes of all its endpoints have in common.
static inline __u64 sluice_service_base(__u64 high, __u64 low, const __u64 *multiplier)
{
	const __u32 of_low = __builtin_bswap32(low) - 0xffff;
	const __u32 upper_words = (__u32)high + of_low; // 0 of ::ffff:a.b.c.d

	return sluice_product(sluice_swap(low), multiplier[0]) +
	       sluice_product(sluice_swap(high), multiplier[1]) +
	       sluice_product(upper_words, multiplier[2]);
}

static inline __u64 sluice_service_hash(__u64 base, __u32 endpoint)
{
	return base + sluice_product(endpoint, 0xd6e8feb86659fd93ull);
}

// The n-th of the multipliers to be tried, three at a time.
static inline __u64 sluice_service_multiplier(__u64 n)
{
	return sluice_mix(sluice_product(n + 1, 0x9e3779b97f4a7c15ull)) | 1;
}

// The displacement that belongs to a hash. Masks are those of struct sluice_layout: a table's
// entries, or its buckets, are a power of two, and the mask one less. Bucket and place are of other
// bits, up to 2^18 entries, so that keys of one bucket have places of their own; and a place is of
// bits that every bit of a key has a part in.
static inline __u32 sluice_bucket_of(__u64 hash, __u32 bucket_mask)
{
	return (hash >> 24) & bucket_mask;
}

static inline __u32 sluice_place_of(__u64 hash, __u32 displacement, __u32 mask)
{
	return ((__u32)(hash >> 40) + displacement) & mask;
}
