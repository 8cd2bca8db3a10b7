// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The flow hash: the one definition of which slot a flow belongs to, for BPF and C++.
//
// NH (RFC 4418, 5.2.2: UMAC's first layer) over the fields of the 5-tuple, then a bijective
// finaliser. Ports, protocol and IPv4 addresses are its 32-bit words. IPv6 addresses are words of
// 64 bits, a pair each, and of their product there are the low 64 bits: half as many
// multiplications, reads and additions. Where the lowest bit that two halves differ in is bit n,
// their hashes are the same with a probability of 2^-(64 - n) at most; hence halves are taken in
// host order, where neighbours differ in the lowest bits. Whoever does not know the key cannot
// choose flows that land on one backend; independent multiplications make it as cheap as an unkeyed
// mix. The other words are taken as they stand in the packet on a little-endian machine: balancers
// of one fleet are of one endianness.
#pragma once

#include "product.h"
#include "sluice_abi.h"

struct sluice_hash_key {
	__u64 half[4]; // of source and destination; the words of the first are IPv4's
	__u32 word[2]; // of what follows the addresses
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

// Of an IPv6 address, under two words of the key.
static inline __u64 sluice_nh_address(const struct sluice_addr *a, const volatile __u64 *key)
{
	return sluice_product(sluice_swap(sluice_addr_high(a)) + key[0],
			      sluice_swap(sluice_addr_low(a)) + key[1]);
}

// The three parts of what is finished: of IPv4's two addresses, of IPv6's, and of what follows.
static inline __u64 sluice_nh_v4(__be32 src, __be32 dst, const volatile struct sluice_hash_key *key)
{
	typedef __u32 __attribute__((may_alias)) word;
	const volatile word *words = (const volatile word *)key->half;

	return sluice_nh(src, words[0], dst, words[1]);
}

static inline __u64 sluice_nh_v6(const struct sluice_addr *src, const struct sluice_addr *dst,
				 const volatile struct sluice_hash_key *key)
{
	return sluice_nh_address(src, key->half) + sluice_nh_address(dst, key->half + 2);
}

// `endpoint`: sluice_endpoint() of what the flow goes to.
static inline __u64 sluice_nh_l4(__be16 sport, __u32 endpoint,
				 const volatile struct sluice_hash_key *key)
{
	return sluice_nh(sport, key->word[0], endpoint, key->word[1]);
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
			     : sluice_nh_address(&f->src, key->half);
	if (fields == SLUICE_HASH_FIVE_TUPLE)
		h += sluice_nh_l4(f->sport, sluice_endpoint(f->proto, f->dport), key);
	return sluice_hash_finish(h);
}
