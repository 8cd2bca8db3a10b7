// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Ethernet addresses and VLAN tags.
#pragma once

#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include "net/cursor.h"

enum {
	VLAN_TAG = 4, // bytes: type and tag control information
	MAX_VLAN_TAGS = 2,
};

// What stands behind the addresses of a tagged frame (IEEE 802.1Q), up to the next type.
struct vlan_tag {
	__be16 tci;
	__be16 next_type;
};

static __always_inline _Bool is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

// <linux/if_ether.h> packs struct ethhdr, which makes clang read it byte by byte. A frame begins at
// an even address.
struct ethernet {
	__u16 dest[3];
	__u16 source[3];
	__be16 type;
};

// The MAC address a frame is for as a number: its six bytes in the order of the wire, then zero.
static __always_inline __u64 frame_mac(const void *frame)
{
	return *(const __u64 *)frame << 16 >> 16;
}

// Broadcast, or multicast: the lowest bit of the first byte, wherever that lies in the number.
static __always_inline _Bool is_group_mac(__u64 mac)
{
	return *(const unsigned char *)&mac & 1;
}
