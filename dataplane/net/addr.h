// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// IP addresses from headers into the one form the rest of the program knows.
#pragma once

#include <linux/in6.h>
#include <bpf/bpf_endian.h>
#include "abi/sluice_abi.h"
#include "net/cursor.h"

static __always_inline void addr_from_v4(struct sluice_addr *a, __be32 v4)
{
	a->word[0] = 0;
	a->word[1] = 0;
	a->word[2] = bpf_htonl(0xffff);
	a->word[3] = v4;
}

// An IPv4 address as we spell it, and the half of it that says which.
static __always_inline struct sluice_addr mapped(__be32 v4)
{
	struct sluice_addr a;

	addr_from_v4(&a, v4);
	return a;
}

static __always_inline __u64 mapped_low(__be32 v4)
{
	return (__u64)v4 << 32 | bpf_htonl(0xffff);
}

static __always_inline void addr_from_v6(struct sluice_addr *a, const struct in6_addr *v6)
{
	for (int i = 0; i < 4; i++)
		a->word[i] = v6->in6_u.u6_addr32[i];
}

static __always_inline void addr_to_v6(struct in6_addr *v6, const struct sluice_addr *a)
{
	for (int i = 0; i < 4; i++)
		v6->in6_u.u6_addr32[i] = a->word[i];
}

// ::ffff:a.b.c.d, which no IPv6 packet may carry (RFC 4291, 2.5.5.2; RFC 4942, 2.2)?
static __always_inline _Bool addr_is_mapped(const struct sluice_addr *a)
{
	return (a->word[0] | a->word[1] | (a->word[2] ^ bpf_htonl(0xffff))) == 0;
}

static __always_inline _Bool addr_is_zero(const struct sluice_addr *a)
{
	return (sluice_addr_high(a) | sluice_addr_low(a)) == 0;
}

static __always_inline _Bool addr_equal(const struct sluice_addr *a, const struct sluice_addr *b)
{
	return ((sluice_addr_high(a) ^ sluice_addr_high(b)) |
		(sluice_addr_low(a) ^ sluice_addr_low(b))) == 0;
}
