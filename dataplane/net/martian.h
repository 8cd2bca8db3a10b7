// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Addresses that no packet from another host can honestly have.
#pragma once

#include "net/addr.h"

// 0/8, 127/8, 224/4, 240/4 with 255.255.255.255
static __always_inline _Bool ipv4_is_martian_source(const struct sluice_addr *a)
{
	const __u8 first = bpf_ntohl(a->word[3]) >> 24;

	return first == 0 || first == 127 || first >= 224;
}

// ::, ::1, ff00::/8, ::ffff:0:0/96
static __always_inline _Bool ipv6_is_martian_source(const struct sluice_addr *a)
{
	if ((a->word[0] | a->word[1] | a->word[2]) == 0 && bpf_ntohl(a->word[3]) <= 1)
		return 1;
	return bpf_ntohl(a->word[0]) >> 24 == 0xff || addr_is_mapped(a);
}

// `family` is that of the header the address stood in: 4 or 6.
static __always_inline _Bool is_martian_source(const struct sluice_addr *a, __u8 family)
{
	return family == 4 ? ipv4_is_martian_source(a) : ipv6_is_martian_source(a);
}
