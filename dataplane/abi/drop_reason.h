// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every way the balancer may drop a packet for one of its VIPs: the only list there is.
// Append only: the position is the index of the counter.
#pragma once

#define SLUICE_DROP_REASONS(X)                                                              \
	X(IP_HEADER, "the IP header contradicts itself")                                    \
	X(IP_LENGTH, "the IP length does not fit the frame")                                \
	X(FRAGMENT, "a fragment, which cannot be told from its datagram's others by ports") \
	X(L4_HEADER, "the packet ends inside its TCP or UDP header")                        \
	X(NO_MEMBER, "the service has no usable backend")                                   \
	X(TABLE, "a table contradicts itself; this is a bug in sluice, please report it")   \
	X(NO_HEADROOM, "the driver left no room for the outer header")

enum sluice_drop_reason {
#define X(name, text) SLUICE_DROP_##name,
	SLUICE_DROP_REASONS(X)
#undef X
	    SLUICE_DROP_REASON_COUNT
};
