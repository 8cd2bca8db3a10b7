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

// Of an IPv6 address, under four words of the key.
static inline __u64 sluice_nh_address(const struct sluice_addr *a, const volatile __u32 *key)
{
	return sluice_nh(a->word[0], key[0], a->word[1], key[1]) +
	       sluice_nh(a->word[2], key[2], a->word[3], key[3]);
}

// The three parts of what is finished: of IPv4's two addresses, of IPv6's, and of what follows.
static inline __u64 sluice_nh_v4(__be32 src, __be32 dst, const volatile struct sluice_hash_key *key)
{
	return sluice_nh(src, key->word[0], dst, key->word[1]);
}

static inline __u64 sluice_nh_v6(const struct sluice_addr *src, const struct sluice_addr *dst,
				 const volatile struct sluice_hash_key *key)
{
	return sluice_nh_address(src, key->word) + sluice_nh_address(dst, key->word + 4);
}

// `ports`: the source port and the destination port, four bytes as they stand in the packet.
static inline __u64 sluice_nh_l4(__u32 ports, __u8 proto,
				 const volatile struct sluice_hash_key *key)
{
	return sluice_nh(ports, key->word[8], proto, key->word[9]);
}

// Which slot a flow belongs to. `fields` is an enum sluice_hash_fields; what it leaves out counts
// as zero. `is_v4`: both addresses are IPv4's, and only their last words are hashed. Always
// inlined: clang (19) would make it a function, and keep its arguments in memory.
static inline __attribute__((always_inline)) __u32
sluice_flow_hash(const struct sluice_flow *f, const volatile struct sluice_hash_key *key,
		 __u8 fields, __u8 is_v4)
{
	const __u8 with_vip = fields != SLUICE_HASH_SOURCE;
	__u64 h;

	if (is_v4)
		h = sluice_nh_v4(f->src.word[3], with_vip ? f->dst.word[3] : 0, key);
	else
		h = with_vip ? sluice_nh_v6(&f->src, &f->dst, key)
			     : sluice_nh_address(&f->src, key->word);
	if (fields == SLUICE_HASH_FIVE_TUPLE)
		h += sluice_nh_l4((__u32)f->dport << 16 | f->sport, f->proto, key);
	return sluice_hash_finish(h);
}
