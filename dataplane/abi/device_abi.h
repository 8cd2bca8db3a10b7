// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The tables as a network device takes them: plain arrays of small values, and nothing else.
//
// The kernel knows arrays and hashes on devices (kernel/bpf/offload.c). The one driver there is for
// XDP in a device (nfp) takes entries of 64 bytes, key and value, and reads a value at constant
// offsets only. So what is one large value for the host (struct sluice_generation and what follows
// it, a ring, a member) is an entry each here.
#pragma once

#include "flow_hash.h"
#include "sluice_abi.h"

enum {
	SLUICE_DEVICE_VALUE = 56, // bytes of the largest value
	// Bytes of a generation's header that are an entry; the arrays behind have tables of their
	// own.
	SLUICE_GENERATION_HEAD = __builtin_offsetof(struct sluice_generation, mac),
	SLUICE_DEVICE_HEAD_WORDS = 4, // of a member's head that are in its first entry
	SLUICE_DEVICE_HEAD_REST = 6,  // and in its second
};
SLUICE_STATIC_ASSERT(SLUICE_GENERATION_HEAD <= SLUICE_DEVICE_VALUE, "a header is one entry");

// What would be load-time settings: constants of a program are a map with flags, too.
struct sluice_device_settings {
	struct sluice_hash_key key;
	__u32 vips;	  // as in struct sluice_shape
	__u32 services;	  // as in struct sluice_shape
	__u32 ring_slots; // as in struct sluice_shape
	__u32 pad;
};
SLUICE_STATIC_ASSERT(sizeof(struct sluice_device_settings) <= SLUICE_DEVICE_VALUE, "one entry");

// Two generations stand side by side, entry by entry, and take turns: that in use is never
// rewritten, and which it is, is one number.
static inline __u32 sluice_turn(__u64 number)
{
	return number & 1;
}

static inline __u32 sluice_device_index(__u32 at, __u64 number)
{
	return at * 2 + sluice_turn(number);
}

// A member takes two entries: the first 56 bytes of struct sluice_member, and what follows up to
// what only the tc hook reads.
struct sluice_member_rest {
	__u64 head[SLUICE_DEVICE_HEAD_REST];
	__be32 entropy;
	__u32 pad;
};
SLUICE_STATIC_ASSERT(__builtin_offsetof(struct sluice_member, head[SLUICE_DEVICE_HEAD_WORDS]) ==
			 SLUICE_DEVICE_VALUE,
		     "the first entry of a member ends in its head");
SLUICE_STATIC_ASSERT(sizeof(struct sluice_member_rest) == SLUICE_DEVICE_VALUE, "one entry");
SLUICE_STATIC_ASSERT(__builtin_offsetof(struct sluice_member, entropy) ==
			 SLUICE_DEVICE_VALUE +
			     __builtin_offsetof(struct sluice_member_rest, entropy),
		     "the second entry continues the first");
