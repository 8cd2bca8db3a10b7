// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the agent's data plane and sluice-agent must agree on, byte for byte.
//
// Compiled as C by clang -target bpf and as C++20 by everything else.
#pragma once

#include "sluice_abi.h"

// Every way the agent may drop a tunnel packet that was sent to this host: the only list there is.
// Append only: the position is the index of the counter.
#define SLUICE_AGENT_DROP_REASONS(X)                                                             \
	X(OUTER_HEADER, "the outer IP header contradicts itself")                                \
	X(OUTER_LENGTH, "the outer IP length does not fit the frame")                            \
	X(OUTER_FRAGMENT,                                                                        \
	  "a fragment of a tunnel packet; the balancer's path has too small an MTU")             \
	X(OUTER_CHECKSUM, "the outer IPv4 header's checksum is wrong")                           \
	X(SOURCE, "the tunnel packet comes from an address that is not allowed")                 \
	X(INNER_HEADER, "the inner IP header contradicts itself or what the tunnel says it is")  \
	X(INNER_LENGTH, "the inner packet is longer than what the tunnel packet carries")        \
	X(INNER_TTL, "the inner TTL or hop limit is 0")                                          \
	X(INNER_SOURCE, "the inner source is an address that no client can have")                \
	X(NOT_OUR_VIP, "the inner destination is not one of the VIPs")                           \
	X(ECN, "congestion was marked outside on a packet that takes no part in ECN (RFC 6040)") \
	X(STRIP, "the outer header did not come off; this is a bug in sluice, please report it") \
	X(UDP_LENGTH, "the outer UDP length does not fit the outer IP packet")                   \
	X(TUNNEL_LENGTH, "the tunnel packet ends inside its GRE, GUE or Geneve header")          \
	X(TUNNEL_VERSION, "a version of GRE, GUE or Geneve that the agent does not know")        \
	X(TUNNEL_FLAGS, "GRE with routing or reserved flags, or GUE with any flag")              \
	X(TUNNEL_CONTROL, "a control message of GUE or Geneve, which carries no packet")         \
	X(TUNNEL_OPTION, "Geneve with an option that must be understood; the agent knows none")  \
	X(TUNNEL_PROTOCOL, "GRE, GUE or Geneve around something else than IPv4 and IPv6")        \
	X(INNER_ETHERNET, "the Ethernet frame in Geneve carries no IP, or has a VLAN tag")       \
	X(MERGED, "UDP tunnels that GRO merged (ethtool -K: rx-gro-list, rx-udp-gro-forwarding)")

// Every reason to hand a packet to the kernel untouched.
// Append only: the position is the index of the counter.
#define SLUICE_AGENT_PASS_REASONS(X)                                           \
	X(NOT_IP, "neither IPv4 nor IPv6, or too short to have a destination") \
	X(NOT_TUNNEL, "IP, but not in a tunnel that the agent opens")          \
	X(NOT_LOCAL, "a tunnel packet, but not to an address where the agent opens tunnels")

enum sluice_agent_drop_reason {
#define X(name, text) SLUICE_AGENT_DROP_##name,
	SLUICE_AGENT_DROP_REASONS(X)
#undef X
	    SLUICE_AGENT_DROP_REASON_COUNT
};

enum sluice_agent_pass_reason {
#define X(name, text) SLUICE_AGENT_PASS_##name,
	SLUICE_AGENT_PASS_REASONS(X)
#undef X
	    SLUICE_AGENT_PASS_REASON_COUNT
};

// The kinds of tunnel the agent opens.
// Append only: the position is the index of the counter of what came out.
#define SLUICE_AGENT_TUNNELS(X)                                                            \
	X(IPIP, "RFC 2003, 2473, 4213: an IP packet right behind an IP header")            \
	X(GRE, "RFC 2784, 2890")                                                           \
	X(FOU, "an IP packet right behind a UDP header")                                   \
	X(GUE, "draft-ietf-intarea-gue: variant 0, and variant 1, which is FOU once more") \
	X(GENEVE, "RFC 8926")

enum sluice_agent_tunnel {
#define X(name, text) SLUICE_AGENT_TUNNEL_##name,
	SLUICE_AGENT_TUNNELS(X)
#undef X
	    SLUICE_AGENT_TUNNEL_COUNT
};

// How much one agent can be told.
enum {
	SLUICE_AGENT_MAX_VIPS = 1024,
	SLUICE_AGENT_MAX_LOCALS = 1024,
	SLUICE_AGENT_MAX_ALLOWED = 1024,
	SLUICE_AGENT_MAX_PORTS = 64,
};
