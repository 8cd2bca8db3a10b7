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

static __always_inline _Bool addr_equal(const struct sluice_addr *a, const struct sluice_addr *b)
{
	return ((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
		(a->word[3] ^ b->word[3])) == 0;
}
