// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every way the balancer may drop a packet for one of its VIPs: the only list there is.
// Append only: the position is the index of the counter.
#pragma once

#define SLUICE_DROP_REASONS(X)                                                               \
	X(IP_HEADER, "the IP header contradicts itself")                                     \
	X(IP_LENGTH, "the IP length does not fit the frame")                                 \
	X(FRAGMENT, "a fragment whose first one, with the ports, has not been seen")         \
	X(L4_HEADER, "the packet ends inside its TCP, UDP or ICMP header")                   \
	X(NO_MEMBER, "the service has no usable backend")                                    \
	X(TABLE, "a table contradicts itself; this is a bug in sluice, please report it")    \
	X(NO_HEADROOM, "the driver left no room for the outer header")                       \
	X(TTL, "the TTL or hop limit was 0 on arrival")                                      \
	X(MARTIAN, "a source address that no packet may come from")                          \
	X(IPV6_CHAIN, "the IPv6 extension headers are malformed, forbidden or too many")     \
	X(FRAGMENT_BOUNDS, "a fragment that ends beyond its datagram, overlaps a header or " \
			   "is cut at a place where none may be")                            \
	X(FRAGMENT_CONFLICT, "a second first fragment of a datagram with other ports")       \
	X(ICMP_QUOTE, "an ICMP error that does not quote a packet of the VIP")               \
	X(LOOP, "our own tunnel's packet came back to a VIP")                                \
	X(RATE, "an answer of our own that the rate limit held back")                        \
	X(TOO_BIG, "too large for the way to the backend, and nobody may be told")           \
	X(MERGED, "at tc: segments merged by GRO, for a tunnel with a checksum in each; "    \
		  "switch GRO off on the interface or the tunnel's checksum")

enum sluice_drop_reason {
#define X(name, text) SLUICE_DROP_##name,
	SLUICE_DROP_REASONS(X)
#undef X
	    SLUICE_DROP_REASON_COUNT
};
