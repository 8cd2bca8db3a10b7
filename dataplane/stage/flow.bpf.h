// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Which member does a flow of a slot in transition belong to? FLOWS.md's rules 4 to 8: the flow
// tables are asked, and told, here and nowhere else.
//
// A packet of a CLEAN slot does not come here, unless its service remembers every flow.
#pragma once

#include <linux/errno.h>
#include <linux/in.h>
#include "maps.bpf.h"
#include "net/plain_ip.h"
#include "packet.bpf.h"

#define DRAINING_SYN 60000000000ull // ns a draining member's flow is taken for alive after a packet

enum flow_table {
	NOWHERE,
	NEW,
	ADOPTED,
	DOORKEEPER,
};

enum tcp_flags {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_ACK = 16,
};

enum ask_flags {
	ASK_ONLY = 1,	  // the packet is about the flow, not of it: nothing is written
	ASK_ALWAYS = 2,	  // the flow is to be remembered in any state of its slot
	ASK_COMPLETE = 4, // and if it was an old one, it would have been
};
SLUICE_STATIC_ASSERT(ASK_ALWAYS == SLUICE_SERVICE_ALWAYS << 1 &&
			 ASK_COMPLETE == SLUICE_SERVICE_COMPLETE << 1,
		     "a service's flags are those of its questions, shifted by one");

// A flow in its slot. Members are numbers; SLUICE_NONE: nobody.
struct flow_question {
	struct sluice_flow flow;
	__u32 hash;
	__u32 current;
	__u32 previous;
	__u8 state;	// enum sluice_slot_state; this and what follows is `how` below
	__u8 tcp_flags; // enum tcp_flags; 0 where there are none
	__u8 flags;	// enum ask_flags
	__u8 pad;
};

static __always_inline void count_flow(__u32 event) // enum sluice_flow_event
{
	__u64 *n = bpf_map_lookup_elem(&flow_events, &event);

	if (n)
		*n += 1;
}

static __always_inline __u64 flow_clock(void)
{
	const __u32 zero = 0;
	const __u64 *fake;

	if (!cfg_fake_clock)
		return bpf_ktime_get_coarse_ns();
	fake = bpf_map_lookup_elem(&clock, &zero);
	return fake ? *fake : 0;
}

static __always_inline __s64 *half_open_count(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&half_open, &zero);
}

static __always_inline void add_half_open(__s64 n)
{
	__s64 *count = half_open_count();

	if (count)
		__sync_fetch_and_add(count, n);
}

// UDP is never in flows_new.
static __always_inline struct sluice_flow_entry *find_flow(const struct flow_question *q,
							   enum flow_table *where)
{
	struct sluice_flow_entry *e = NULL;

	*where = NEW;
	if (q->flow.proto == IPPROTO_TCP)
		e = bpf_map_lookup_elem(&flows_new, &q->flow);
	if (!e) {
		*where = ADOPTED;
		e = bpf_map_lookup_elem(&flows_adopted, &q->flow);
	}
	if (!e) {
		*where = DOORKEEPER;
		e = bpf_map_lookup_elem(&doorkeeper, &q->flow);
	}
	return e;
}

// The row of the member an entry names, if that member lives.
static __always_inline const struct sluice_member *living(const struct sluice_flow_entry *e)
{
	const __u32 number = e->member;
	const struct sluice_member *m = bpf_map_lookup_elem(&members, &number);

	if (!m || m->incarnation != e->incarnation || m->life == SLUICE_LIFE_DEAD)
		return NULL;
	return m;
}

static __always_inline struct sluice_flow_entry new_entry(const struct flow_question *q,
							  __u32 member, __u32 marks)
{
	const struct sluice_member *m = bpf_map_lookup_elem(&members, &member);
	struct sluice_flow_entry e = {
	    .seen = flow_clock(),
	    .member = member,
	    .incarnation = m ? m->incarnation : 0,
	    .hash = q->hash,
	    .marks = marks,
	};

	return e;
}

static __always_inline void forget_flow(const struct flow_question *q, enum flow_table where,
					__u32 marks)
{
	switch (where) {
	case NOWHERE:
		break;
	case NEW:
		if (bpf_map_delete_elem(&flows_new, &q->flow))
			break;
		count_flow(SLUICE_FLOW_FORGOTTEN_NEW);
		if (marks & SLUICE_FLOW_HALF_OPEN)
			add_half_open(-1);
		break;
	case ADOPTED:
		if (!bpf_map_delete_elem(&flows_adopted, &q->flow))
			count_flow(SLUICE_FLOW_FORGOTTEN_ADOPTED);
		break;
	case DOORKEEPER:
		if (!bpf_map_delete_elem(&doorkeeper, &q->flow))
			count_flow(SLUICE_FLOW_FORGOTTEN_DOORKEEPER);
		break;
	}
}

// Notes that a flow has a member of which nothing else tells. A table that refuses costs the flow
// its place after the window, no more.
static __always_inline void note_flow(const struct flow_question *q, __u32 member)
{
	const struct sluice_flow_entry e = new_entry(q, member, 0);

	if (!bpf_map_update_elem(&doorkeeper, &q->flow, &e, BPF_ANY))
		count_flow(SLUICE_FLOW_ADOPTED);
}

// The flow's second packet: it is no scan's, and gets a place among those that last.
static __always_inline void promote_flow(const struct flow_question *q,
					 const struct sluice_flow_entry *noted)
{
	const struct sluice_flow_entry e = *noted;

	if (bpf_map_update_elem(&flows_adopted, &q->flow, &e, BPF_ANY))
		return;
	count_flow(SLUICE_FLOW_PROMOTED);
	forget_flow(q, DOORKEEPER, 0);
}

static __always_inline __u32 marks_after(__u32 marks, __u8 tcp_flags)
{
	marks &= ~(SLUICE_FLOW_HALF_OPEN | SLUICE_FLOW_RST);
	if (tcp_flags & TCP_FIN)
		marks |= SLUICE_FLOW_FIN;
	if (tcp_flags & TCP_RST)
		marks |= SLUICE_FLOW_RST;
	return marks;
}

// A packet of a living flow that is remembered. Two CPUs that see its first packets at once count
// it as half-open no more than once.
static __always_inline void refresh_flow(const struct flow_question *q, struct sluice_flow_entry *e,
					 enum flow_table where)
{
	const __u32 before = e->marks, after = marks_after(before, q->tcp_flags);

	e->seen = flow_clock();
	if (before != after && __sync_val_compare_and_swap(&e->marks, before, after) == before &&
	    before & SLUICE_FLOW_HALF_OPEN)
		add_half_open(-1);
	if (where == DOORKEEPER)
		promote_flow(q, e);
}

// Whose is a flow that no table knows?
static __always_inline __u32 untracked_owner(const struct flow_question *q)
{
	return q->state == SLUICE_SLOT_WINDOW ? q->previous : q->current;
}

// A new TCP flow goes to the member the slot has now, if that can be remembered: otherwise to the
// one that has all of the slot's flows nobody remembers.
static __always_inline __u32 record_flow(const struct flow_question *q)
{
	const struct sluice_flow_entry e = new_entry(q, q->current, SLUICE_FLOW_HALF_OPEN);
	const __s64 *count = half_open_count();
	long refused;

	if (!count || *count >= (__s64)cfg_half_open_quota) {
		count_flow(SLUICE_FLOW_REFUSED_QUOTA);
	} else {
		refused = bpf_map_update_elem(&flows_new, &q->flow, &e, BPF_NOEXIST);
		if (!refused) {
			add_half_open(1);
			count_flow(SLUICE_FLOW_RECORDED);
		}
		if (!refused || refused == -EEXIST) // another CPU had the same SYN, and was first
			return q->current;
		count_flow(SLUICE_FLOW_REFUSED_FULL);
	}
	if (q->state == SLUICE_SLOT_WINDOW)
		note_flow(q, q->previous);
	return untracked_owner(q);
}

// May a SYN follow this entry? It may be a retransmission, or a forged one on a flow that lives.
static __always_inline _Bool is_open(const struct sluice_flow_entry *e,
				     const struct sluice_member *m)
{
	if (e->marks & SLUICE_FLOW_HALF_OPEN)
		return 1;
	if (e->marks & (SLUICE_FLOW_FIN | SLUICE_FLOW_RST))
		return 0;
	return m->life == SLUICE_LIFE_UP || flow_clock() - e->seen < DRAINING_SYN;
}

static __always_inline __u32 open_flow(const struct flow_question *q)
{
	const _Bool records = q->state == SLUICE_SLOT_WINDOW || q->flags & ASK_ALWAYS;
	enum flow_table where;
	struct sluice_flow_entry *e = find_flow(q, &where);
	const struct sluice_member *m = e ? living(e) : NULL;

	if (m && is_open(e, m)) {
		e->seen = flow_clock();
		return m->successor;
	}
	if (e) {
		count_flow(m ? SLUICE_FLOW_REOPENED : SLUICE_FLOW_LOST);
		forget_flow(q, where, e->marks);
	}
	return records && q->current != SLUICE_NONE ? record_flow(q) : q->current;
}

// A packet, not a SYN, of a flow that no table knows.
static __always_inline __u32 adopt_flow(const struct flow_question *q)
{
	const _Bool is_new = q->flags & ASK_COMPLETE && q->flow.proto != IPPROTO_TCP;
	const __u32 owner = is_new ? q->current : untracked_owner(q);

	if (q->flags & ASK_ONLY || q->tcp_flags & TCP_RST || owner == SLUICE_NONE)
		return owner;
	if (q->state == SLUICE_SLOT_WINDOW || q->flags & ASK_ALWAYS)
		note_flow(q, owner);
	return owner;
}

static __always_inline __u32 continue_flow(const struct flow_question *q)
{
	enum flow_table where;
	struct sluice_flow_entry *e = find_flow(q, &where);
	const struct sluice_member *m = e ? living(e) : NULL;
	__u32 member;

	if (!e)
		return adopt_flow(q);
	if (m) {
		member = m->successor;
		if (!(q->flags & ASK_ONLY))
			refresh_flow(q, e, where);
		return member;
	}
	if (q->flags & ASK_ONLY)
		return q->current;
	count_flow(SLUICE_FLOW_LOST);
	forget_flow(q, where, e->marks);
	return q->flow.proto == IPPROTO_TCP ? q->current : adopt_flow(q);
}

// The number of the flow's member, or SLUICE_NONE. A global function: the verifier looks at it
// once, by itself. On 6.1 it takes no key of a map from a caller's memory ("R2 type=mem
// expected=fp").
__attribute__((noinline)) __u32 answer_flow(struct flow_question *asked)
{
	const __u8 opening = TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST;
	struct flow_question q;

	if (!asked)
		return SLUICE_NONE;
	q = *asked;
	if (q.flow.proto == IPPROTO_TCP && (q.tcp_flags & opening) == TCP_SYN)
		return open_flow(&q);
	return continue_flow(&q);
}

// Is the flow one that the ring alone does not decide about?
static __always_inline _Bool may_be_tracked(const struct packet *pkt, __u32 slot)
{
	return unlikely(sluice_slot_state_of(slot) |
			(pkt->service->flags & SLUICE_SERVICE_ALWAYS)) &&
	       cfg_tracking;
}

// The TCP flags of a plain packet, which the shortcut does not keep.
static __always_inline __u8 plain_tcp_flags(const struct packet *pkt, const void *plain)
{
	const void *end = hook_packet(pkt->ctx).end;
	const void *tcp =
	    plain + (pkt->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	return tcp + TCP_MIN_HEADER <= end ? ((const __u8 *)tcp)[TCP_FLAGS_AT] : 0;
}

// Of struct flow_question what follows the flow, in stores of eight bytes: see copy_plain_ipv4().
static __always_inline void write_rest(struct flow_question *q, __u32 hash, __u32 current,
				       __u32 previous, __u32 how)
{
	sluice_half *to = (sluice_half *)&q->hash;

	to[0] = hash | (__u64)current << 32;
	to[1] = previous | (__u64)how << 32;
}

// `current` and `previous` as in struct flow_question; `plain`: see flow_again().
static __always_inline __u32 tracked_member(const struct packet *pkt, const void *plain, __u32 slot,
					    __u32 current, __u32 previous)
{
	// Without a branch, which the verifier would follow twice.
	const __u8 flags = pkt->is_error | (pkt->service->flags & SLUICE_SERVICE_FLAGS) << 1;
	__u8 tcp_flags = pkt->tcp_flags;
	struct flow_question q;

	q.flow = flow_again(pkt, plain);
	if (plain && q.flow.proto == IPPROTO_TCP)
		tcp_flags = plain_tcp_flags(pkt, plain);
	write_rest(&q, pkt->hash, current, previous,
		   sluice_slot_state_of(slot) | tcp_flags << 8 | flags << 16);
	return answer_flow(&q);
}
