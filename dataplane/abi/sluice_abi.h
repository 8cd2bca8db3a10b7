// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the data plane and the control plane must agree on, byte for byte.
//
// Compiled as C by clang -target bpf and as C++20 by everything else. Numbers are in host byte
// order unless their type is __be*.
#pragma once

#include <linux/types.h>
#include "drop_reason.h"
#include "flow_event.h"
#include "pass_reason.h"
#include "reply_reason.h"

#ifdef __cplusplus
#define SLUICE_STATIC_ASSERT static_assert
#else
#define SLUICE_STATIC_ASSERT _Static_assert
#endif

// An IP address: 16 bytes in network order, IPv4 a.b.c.d as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so
// one key layout and one code path serve both families.
struct sluice_addr {
	__be32 word[4];
} __attribute__((aligned(8)));

typedef __u64 __attribute__((may_alias)) sluice_half;

// The two halves of an address, as they stand in memory.
static inline __u64 sluice_addr_high(const struct sluice_addr *a)
{
	return ((const sluice_half *)a)[0];
}

static inline __u64 sluice_addr_low(const struct sluice_addr *a)
{
	return ((const sluice_half *)a)[1];
}

// A half's bytes the other way round: as a number, on a little-endian machine.
static inline __u64 sluice_swap(__u64 half)
{
	return __builtin_bswap64(half);
}

// The 5-tuple. Padding is explicit and zero: maps compare raw bytes.
struct sluice_flow {
	struct sluice_addr src;
	struct sluice_addr dst;
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 pad[3];
};
SLUICE_STATIC_ASSERT(sizeof(struct sluice_flow) == 40, "sluice_flow has implicit padding");

// ---- The generation: which addresses are VIPs, which services they have, where their rings are.
//
// One map value, built aside and swapped in whole:
//
//	struct sluice_generation          the header
//	__u32                service_displacement[shape.services / SLUICE_BUCKET]
//	struct sluice_service service[shape.services]
//	__u32                vip_displacement[shape.vips / SLUICE_BUCKET]
//	struct sluice_vip     vip[shape.vips]
//	struct sluice_service range_service[shape.range_services]
//	struct sluice_port_page port_page[shape.port_pages]
//	__u32                position[shape.positions]
//
// Both tables are perfect hashes (perfect_hash.h). Every count is fixed for the life of the maps:
// inner maps of one size have their lookups inlined.

enum {
	SLUICE_BUCKET = 4,	   // table entries per displacement
	SLUICE_NO_RING = 0,	   // the number no ring has: a service without a member
	SLUICE_NO_PREFIXES = 0,	   // the number no prefix table has
	SLUICE_POSITION_BITS = 15, // what a position takes of a slot, twice
	SLUICE_MAX_POSITION = (1 << SLUICE_POSITION_BITS) - 1,
	SLUICE_MAX_MACS = 8,	     // own MAC addresses that are told apart
	SLUICE_MAX_SOURCES = 8,	     // own outer sources that are told apart
	SLUICE_MAX_TUNNEL_PORTS = 4, // UDP ports our tunnels go to, as loops are looked for
	SLUICE_NO_PORTS = 0,	     // the number no port page has: a VIP without ranges
	SLUICE_PORTS_IN_PAGE = 256,
	SLUICE_PORTS_LEAF = 0x8000, // in an entry of a port page: the rest is a page's number
};

// How large the tables are; load-time settings of the program. Powers of two but for ring_slots.
struct sluice_shape {
	__u32 vips;	      // entries of the VIP table; at least twice what is used
	__u32 services;	      // entries of the service table; at least twice what is used
	__u32 range_services; // entries of the table of services on port ranges
	__u32 port_pages;     // entries of the table of port pages
	__u32 positions;      // entries of the position table
	__u32 ring_slots;     // slots of every ring; a prime
};

enum { SLUICE_FILTER_WORDS = 65536 / 32 };

struct sluice_generation {
	__u64 number;		      // counts up by one with every publication
	__u64 vip_seed;		      // of the VIP table's perfect hash
	__u64 service_multipliers[3]; // of the service table's, odd
	__u32 prefixes;		      // number of the table of VIP prefixes, or SLUICE_NO_PREFIXES
	__u16 macs; // how many of `mac` are in use; 0: frames for any MAC are ours
	__u16 pad;
	__u64 tunnel_ports; // UDP ports our tunnels go to: four __be16 in memory, 0: none
	// Our interfaces' MAC addresses: first six bytes in the order of the wire, then zero.
	__u64 mac[SLUICE_MAX_MACS];
	// The outer sources of our own tunnels: what comes from there to a VIP is a loop. Unused:
	// ::, nobody's.
	struct sluice_addr source[SLUICE_MAX_SOURCES];
	// Which bits of a source's last word count: a prefix's free ones carry flows' entropy.
	__be32 source_mask[SLUICE_MAX_SOURCES];
	// Bits by their places (source_filter.h), IPv4's and then IPv6's: set for the places of
	// VIPs and of martian sources (of IPv6's, all but groups). Most sources have another, and
	// need not be looked at closer.
	__u32 filter[2][SLUICE_FILTER_WORDS];
};

enum sluice_vip_flags {
	SLUICE_VIP_ANY_PORT = 1,     // some protocol has a service on any port
	SLUICE_VIP_ANY_PROTOCOL = 2, // there is a service for whatever comes
};

// What is known of an address, or of a prefix, that is a VIP.
struct sluice_vip_services {
	// What its services have for a VIP. ::, nobody's: the entry is free.
	struct sluice_addr name;
	__u32 kind;	 // what their endpoints have besides: SLUICE_OF_PREFIX, SLUICE_OF_IPV6
	__u16 flags;	 // enum sluice_vip_flags
	__u16 tcp_ports; // root page of its TCP port ranges, or SLUICE_NO_PORTS
	__u16 udp_ports; // the same for UDP
	__u16 pad[3];
};
SLUICE_STATIC_ASSERT(sizeof(struct sluice_vip_services) == 32, "implicit padding");

struct sluice_vip {
	struct sluice_addr addr;
	struct sluice_vip_services services;
};
SLUICE_STATIC_ASSERT(sizeof(struct sluice_vip) == 48, "sluice_vip has implicit padding");

// Key of an LPM trie. `length` is in bits of the 16 bytes: 96 more than an IPv4 prefix is written.
struct sluice_prefix {
	__u32 length;
	__be32 word[4];
};

// Which fields of a packet choose its slot.
enum sluice_hash_fields {
	SLUICE_HASH_FIVE_TUPLE,
	SLUICE_HASH_SOURCE,
	SLUICE_HASH_SOURCE_VIP,
};

// What becomes of a packet for a service without a member.
enum sluice_empty_policy {
	SLUICE_EMPTY_DROP,
	SLUICE_EMPTY_PASS,
	SLUICE_EMPTY_RESET, // TCP; the rest is dropped
};

enum sluice_service_flags {
	SLUICE_SERVICE_ALWAYS = 1, // every flow is remembered, in whatever state its slot is
	// ... and has been for so long that a UDP flow nobody remembers is a new one.
	SLUICE_SERVICE_COMPLETE = 2,
	SLUICE_SERVICE_FLAGS = SLUICE_SERVICE_ALWAYS | SLUICE_SERVICE_COMPLETE,
};

struct sluice_service {
	struct sluice_addr vip; // its address, or a prefix's: sluice_prefix_name()
	__u32 endpoint; // sluice_endpoint(); a free entry has 0 here and ::, nobody's VIP, above
	__u32 ring;	// number of its ring, or SLUICE_NO_RING
	__u32 first_position; // where its members begin in the position table
	__u8 hash;	      // enum sluice_hash_fields
	__u8 empty;	      // enum sluice_empty_policy
	__u8 flags;	      // enum sluice_service_flags
	__u8 pad;
	__u32 number; // of the service, for whoever explains a packet's fate
	__u32 pad2;
};
SLUICE_STATIC_ASSERT(sizeof(struct sluice_service) == 40, "sluice_service has implicit padding");

// Port ranges, compiled: what a port's high byte stands for is in the VIP's root page, what its low
// byte stands for in the leaf page that an entry there may name. Two reads find any of 65,536
// ports, and the pages of equal ranges are shared. An entry is 0 (no range has the port), the
// place of a service in the table of range services plus one, or, in a root page,
// SLUICE_PORTS_LEAF and a page's number.
struct sluice_port_page {
	__u16 entry[SLUICE_PORTS_IN_PAGE];
};

enum {
	SLUICE_OF_IPV6 = 1u << 30, // an IPv6 packet to ::ffff:a.b.c.d is for no IPv4 VIP
	SLUICE_OF_PREFIX = 1u << 31,
};

// What of a VIP a service answers on; with the VIP's kind, the key's other part. `port` as it
// stands in the packet; port 0 stands for any port of the protocol, protocol 0 and port 0 for
// anything at all.
static inline __u32 sluice_endpoint(__u8 proto, __be16 port)
{
	return (__u32)proto << 16 | port;
}

// What services of a prefix have for a VIP, by a number of its own, 1 or more. Their endpoints have
// SLUICE_OF_PREFIX, too, so that no address is taken for it.
static inline struct sluice_addr sluice_prefix_name(__u32 number)
{
	struct sluice_addr name = {{0, 0, 0, number}};

	return name;
}

// Byte offsets in the generation value.
static inline __u32 sluice_service_displacements_at(void)
{
	return sizeof(struct sluice_generation);
}
static inline __u32 sluice_services_at(struct sluice_shape s)
{
	return sluice_service_displacements_at() +
	       s.services / SLUICE_BUCKET * (__u32)sizeof(__u32);
}
static inline __u32 sluice_vip_displacements_at(struct sluice_shape s)
{
	return sluice_services_at(s) + s.services * (__u32)sizeof(struct sluice_service);
}
static inline __u32 sluice_vips_at(struct sluice_shape s)
{
	return sluice_vip_displacements_at(s) + s.vips / SLUICE_BUCKET * (__u32)sizeof(__u32);
}
static inline __u32 sluice_range_services_at(struct sluice_shape s)
{
	return sluice_vips_at(s) + s.vips * (__u32)sizeof(struct sluice_vip);
}
static inline __u32 sluice_port_pages_at(struct sluice_shape s)
{
	return sluice_range_services_at(s) +
	       s.range_services * (__u32)sizeof(struct sluice_service);
}
static inline __u32 sluice_positions_at(struct sluice_shape s)
{
	return sluice_port_pages_at(s) + s.port_pages * (__u32)sizeof(struct sluice_port_page);
}
static inline __u32 sluice_generation_size(struct sluice_shape s)
{
	return sluice_positions_at(s) + s.positions * (__u32)sizeof(__u32);
}

// Where the arrays of a generation stand, in bytes from its beginning, and the masks that keep
// places within them: load-time settings, worked out of the shape once, and not for every packet.
struct sluice_layout {
	__u32 service_bucket_mask;
	__u32 services_at;
	__u32 service_mask;
	__u32 vip_displacements_at;
	__u32 vip_bucket_mask;
	__u32 vips_at;
	__u32 vip_mask;
	__u32 range_services_at;
	__u32 range_service_mask;
	__u32 port_pages_at;
	__u32 port_page_mask;
	__u32 positions_at;
	__u32 position_mask;
	__u32 ring_slots;
};

static inline struct sluice_layout sluice_layout_of(struct sluice_shape s)
{
	struct sluice_layout layout = {
	    .service_bucket_mask = s.services / SLUICE_BUCKET - 1,
	    .services_at = sluice_services_at(s),
	    .service_mask = s.services - 1,
	    .vip_displacements_at = sluice_vip_displacements_at(s),
	    .vip_bucket_mask = s.vips / SLUICE_BUCKET - 1,
	    .vips_at = sluice_vips_at(s),
	    .vip_mask = s.vips - 1,
	    .range_services_at = sluice_range_services_at(s),
	    .range_service_mask = s.range_services - 1,
	    .port_pages_at = sluice_port_pages_at(s),
	    .port_page_mask = s.port_pages - 1,
	    .positions_at = sluice_positions_at(s),
	    .position_mask = s.positions - 1,
	    .ring_slots = s.ring_slots,
	};

	return layout;
}

// ---- Rings. A slot is one word: the position of the member that has it now, that of the member
// that had it before, and its state. Which flows of a slot have to be remembered, and which to be
// looked up, its state says (FLOWS.md has the rules; U is the member that owns every living flow of
// the slot that is in no table).

enum sluice_slot_state {
	SLUICE_SLOT_CLEAN,  // U is current, and no table knows otherwise
	SLUICE_SLOT_WINDOW, // changed a short while ago: U is previous, new flows are remembered
	SLUICE_SLOT_TAIL,   // U is current, but tables have flows of other members yet
};

static inline __u32 sluice_slot(enum sluice_slot_state state, __u32 current, __u32 previous)
{
	return (__u32)state << 2 * SLUICE_POSITION_BITS | previous << SLUICE_POSITION_BITS |
	       current;
}

static inline __u32 sluice_slot_current(__u32 slot)
{
	return slot & SLUICE_MAX_POSITION;
}

static inline __u32 sluice_slot_previous(__u32 slot)
{
	return slot >> SLUICE_POSITION_BITS & SLUICE_MAX_POSITION;
}

static inline enum sluice_slot_state sluice_slot_state_of(__u32 slot)
{
	return (enum sluice_slot_state)(slot >> 2 * SLUICE_POSITION_BITS);
}

// Bytes of a ring's value: one slot more than is ever chosen. clang (14 and 19) merges the shifts
// of `ring[hash * slots >> 32]` into `>> 30 & ~3`, whose upper bound the verifier (6.1 to 6.18)
// sees three bytes too high: "invalid access to map value ... off=262147 size=4".
static inline __u32 sluice_ring_size(__u32 slots)
{
	return (slots + 1) * (__u32)sizeof(__u32);
}

// Slot of a flow hash by multiply-shift: no division, and `slots` need not be a power of two.
static inline __u32 sluice_slot_of(__u32 hash, __u32 slots)
{
	return (__u64)hash * slots >> 32;
}

// ---- Members.

enum {
	SLUICE_HEAD_WORDS = 10,
	SLUICE_HEAD_MAX = SLUICE_HEAD_WORDS * 8,
};

enum sluice_member_flags {
	SLUICE_MEMBER_UDP = 1,	     // a UDP header follows the outer IP header
	SLUICE_MEMBER_UDP_CSUM = 2,  // ... and its checksum is to be computed
	SLUICE_MEMBER_KEEP_VLAN = 4, // VLAN tags the packet came with go out with it
};

// How a member is, to the flows that have it.
enum sluice_life {
	SLUICE_LIFE_DEAD, // and a free number: its flows are lost
	SLUICE_LIFE_UP,
	SLUICE_LIFE_DRAINING, // keeps its flows and gets no new ones
};

// A backend in one service, seen from one inner family. Immutable once a ring names it, except
// for the first word of `head` (the next hop's MAC), `successor` and `life`, each of which is
// replaced by one aligned store.
struct sluice_member {
	__u32 ifindex;	// the way out
	__u16 head_len; // bytes of `head` in use: Ethernet and outer headers
	__u16 csum;	// outer IPv4: folded one's complement sum of the header as it stands here
	__u8 outer;	// 4 or 6: family of the outer header; 0: none (L2 DSR)
	__u8 last_at;	// head_len - 8
	__u8 flags;	// enum sluice_member_flags
	__u8 pad;
	__u16 max_inner; // the largest client packet that fits the way out, from its IP header on
	__u16 pad2;
	__u64 last_word; // the last 8 bytes of `head`, for a store that overlaps the one before
	// What goes in front of the client's IP packet, ready made. Left open, and patched per
	// packet: lengths, TOS or traffic class, flow label, UDP source port, checksums.
	__u64 head[SLUICE_HEAD_WORDS];
	__be32 entropy; // these bits of the outer source's last word are filled from the flow hash
	__u32 incarnation; // of this number: flow entries repeat it, so that they know their member
	__u64 skb_room_flags; // of bpf_skb_adjust_room(), for the tc hook
	// The number that the same backend has now: this one, or another since its bytes changed.
	__u32 successor;
	__u32 life; // enum sluice_life
};
SLUICE_STATIC_ASSERT(sizeof(struct sluice_member) == 128, "a member is two cache lines");

struct sluice_counter {
	__u64 packets;
	__u64 bytes; // of the clients' IP packets, without Ethernet and without outer headers
};

// ---- Flows. Three tables have entries of one kind; a flow is in one of them at most.
//
//	flows_new	TCP flows begun while a slot was changing; never evicts, but refuses
//	flows_adopted	older flows, and UDP's, seen to pass meanwhile; the least recent go
//	doorkeeper	flows of which one packet has passed; the second one promotes them

enum sluice_flow_marks {
	SLUICE_FLOW_HALF_OPEN = 1, // nothing but SYNs has come
	SLUICE_FLOW_FIN = 2,
	SLUICE_FLOW_RST = 4, // until something else comes
};

struct sluice_flow_entry {
	__u64 seen; // nanoseconds, CLOCK_MONOTONIC
	__u32 member;
	__u32 incarnation; // of that number
	__u32 hash;	   // the flow's, of which slots are made
	__u32 marks;	   // enum sluice_flow_marks
};

// ---- Fragments: what the first fragment of a datagram said, for the others (RFC 791, RFC 8200).

struct sluice_fragment_key {
	struct sluice_addr src;
	struct sluice_addr dst;
	__u32 id;   // as it stands in the packet
	__u8 proto; // of IPv4; 0 for IPv6, where the first fragment alone knows
	__u8 pad[3];
};
SLUICE_STATIC_ASSERT(sizeof(struct sluice_fragment_key) == 40, "implicit padding");

struct sluice_fragment {
	__u64 seen; // nanoseconds, CLOCK_MONOTONIC
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 pad[3];
};

// ---- The answers we give ourselves, and how many.

struct sluice_bucket {
	__u64 filled; // nanoseconds, CLOCK_MONOTONIC: when it was last filled up to now
	__u64 tokens; // in nanoseconds of waiting that have been saved up
};

// ---- Explaining: what became of the last packet on a CPU, when cfg_explain is on.

enum sluice_fate_verdict {
	SLUICE_FATE_UNDECIDED,
	SLUICE_FATE_PASS,
	SLUICE_FATE_DROP,
	SLUICE_FATE_TX,
	SLUICE_FATE_REDIRECT,
	SLUICE_FATE_REPLY,
};

struct sluice_fate {
	__u8 verdict; // enum sluice_fate_verdict
	__u8 reason;  // of a drop, a pass or a reply
	__u8 pad[2];
	__u32 service; // struct sluice_service.number, or SLUICE_NONE
	__u32 member;  // member index, or SLUICE_NONE
	__u32 ifindex; // of a redirect
};
enum { SLUICE_NONE = 0xffffffff };
