// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every kind of packet the balancer sends by itself, back where the cause came from.
// Append only: the position is the index of the counter.
#pragma once

#define SLUICE_REPLY_REASONS(X)                                                           \
	X(ECHO, "an echo request to a VIP was answered")                                  \
	X(TOO_BIG, "a packet that does not fit the way to the backend was answered with " \
		   "fragmentation needed, or packet too big")                             \
	X(RESET, "a TCP packet for a service that has no usable backend, and whose "      \
		 "policy is to reset, was answered with a reset")

enum sluice_reply_reason {
#define X(name, text) SLUICE_REPLY_##name,
	SLUICE_REPLY_REASONS(X)
#undef X
	    SLUICE_REPLY_REASON_COUNT
};
