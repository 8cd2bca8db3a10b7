// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every reason to hand a packet to the kernel untouched: the only list there is.
// Append only: the position is the index of the counter.
#pragma once

#define SLUICE_PASS_REASONS(X)                                                   \
	X(NOT_IP, "neither IPv4 nor IPv6, or too short to have a destination")   \
	X(NOT_VIP, "the destination is not a VIP")                               \
	X(NO_SERVICE, "a VIP, but no service on this protocol and port")         \
	X(EMPTY, "the service has no usable backend, and its policy is to pass") \
	X(OTHER_MAC, "a VIP, but the frame is for another MAC address")          \
	X(ICMP, "ICMP to a VIP that is for the host to answer or ignore")

enum sluice_pass_reason {
#define X(name, text) SLUICE_PASS_##name,
	SLUICE_PASS_REASONS(X)
#undef X
	    SLUICE_PASS_REASON_COUNT
};
