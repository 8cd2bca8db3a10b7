// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the socket of a health probe and the program that puts it into a tunnel agree on: the mark,
// and what becomes of a packet.
#pragma once

#include <linux/types.h>

// A mark (SO_MARK) is that of an instance, in its first byte, and the number of a member.
enum {
	SLUICE_PROBE_MEMBER_BITS = 24,
	SLUICE_PROBE_FIRST_BYTE = 0x5b, // the first instance's on a host; the next ones follow
	SLUICE_PROBE_INSTANCES = 4,
};

#define SLUICE_PROBE_MARK_MASK 0xff000000u

static inline __u32 sluice_probe_mark(__u32 instance, __u32 member)
{
	return (SLUICE_PROBE_FIRST_BYTE + instance) << SLUICE_PROBE_MEMBER_BITS | member;
}

// The instance that a mark is of; SLUICE_PROBE_INSTANCES or more if it is none's.
static inline __u32 sluice_probe_instance(__u32 mark)
{
	return (mark >> SLUICE_PROBE_MEMBER_BITS) - SLUICE_PROBE_FIRST_BYTE;
}

static inline __u32 sluice_probe_member(__u32 mark)
{
	return mark & ~SLUICE_PROBE_MARK_MASK;
}

// What became of a packet that was led to the probes' device. Append only: the position is the
// index of the counter.
#define SLUICE_PROBE_FATES(X)                                                                     \
	X(SENT, "sent inside the member's encapsulation")                                         \
	X(NOT_MARKED, "dropped: without a mark that names a member")                              \
	X(NOT_IP, "dropped: not a whole IP packet")                                               \
	X(NO_MEMBER, "dropped: its mark names a number that no member has")                       \
	X(TOO_BIG, "dropped: too large for the way to the member")                                \
	X(REFUSED, "dropped: no room for the member's headers, or several segments for a tunnel " \
		   "with a checksum in each")

enum sluice_probe_fate {
#define X(name, text) SLUICE_PROBE_##name,
	SLUICE_PROBE_FATES(X)
#undef X
	    SLUICE_PROBE_FATE_COUNT
};
