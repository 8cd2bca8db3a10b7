// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The flow hash: the one definition of which slot a flow belongs to, for BPF and C++.
//
// NH (RFC 4418, 5.2.2: UMAC's first layer) over the 32-bit words of the 5-tuple, then a
// bijective finaliser. NH is 2^-32-almost universal under its 320-bit key, so whoever does not
// know the key cannot choose flows that land on one backend; five independent multiplications
// make it as cheap as an unkeyed mix. Words are taken as they stand in the packet on a
// little-endian machine: balancers of one fleet are of one endianness.
#pragma once

#include "product.h"
#include "sluice_abi.h"

enum { SLUICE_HASH_KEY_WORDS = 10 };

struct sluice_hash_key {
	__u32 word[SLUICE_HASH_KEY_WORDS];
};

static inline __u64 sluice_nh(__u32 a, __u32 key_a, __u32 b, __u32 key_b)
{
	return (__u64)(__u32)(a + key_a) * (__u32)(b + key_b);
}

// Stafford's variant 13 of the 64-bit murmur finaliser; the high word is what slots are made of.
static inline __u32 sluice_hash_finish(__u64 h)
{
	h = sluice_product(h ^ h >> 30, 0xbf58476d1ce4e5b9ull);
	h = sluice_product(h ^ h >> 27, 0x94d049bb133111ebull);
	return h >> 32;
}

// Which slot a flow belongs to. `fields` is an enum sluice_hash_fields; what it leaves out counts
// as zero. `is_v4`: both addresses are IPv4's, and only their last words are hashed. Always
// inlined: clang (19) would make it a function, and keep its arguments in memory.
static inline __attribute__((always_inline)) __u32
sluice_flow_hash(const struct sluice_flow *f, const volatile struct sluice_hash_key *key,
		 __u8 fields, __u8 is_v4)
{
	const __u8 with_vip = fields != SLUICE_HASH_SOURCE;
	const volatile __u32 *k = key->word;
	__u64 h;

	if (is_v4) {
		h = sluice_nh(f->src.word[3], k[0], with_vip ? f->dst.word[3] : 0, k[1]);
	} else {
		h = sluice_nh(f->src.word[0], k[0], f->src.word[1], k[1]) +
		    sluice_nh(f->src.word[2], k[2], f->src.word[3], k[3]);
		if (with_vip)
			h += sluice_nh(f->dst.word[0], k[4], f->dst.word[1], k[5]) +
			     sluice_nh(f->dst.word[2], k[6], f->dst.word[3], k[7]);
	}
	if (fields == SLUICE_HASH_FIVE_TUPLE)
		h += sluice_nh((__u32)f->dport << 16 | f->sport, k[8], f->proto, k[9]);
	return sluice_hash_finish(h);
}
