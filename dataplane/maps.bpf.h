// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every map, in the order a packet meets them. The control plane sets max_entries and
// value_size to fit the configuration before it loads the object.
#pragma once

#include "abi/sluice_abi.h"
#include "config.bpf.h"

// The compiled VIP and service tables as one value (struct sluice_generation). Exchanging the
// inner map shows a whole new generation at once.
struct generation_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DEFAULT_GENERATION_SIZE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, struct generation_table);
} generation SEC(".maps");

// Number -> the VIP prefixes of a generation (struct sluice_prefix -> struct sluice_vip_services).
struct prefix_table {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__uint(key_size, sizeof(struct sluice_prefix));
	__uint(value_size, sizeof(struct sluice_vip_services));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__uint(key_size, sizeof(__u32));
	__array(values, struct prefix_table);
} prefixes SEC(".maps");

// What first fragments said, for the fragments that follow them.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sluice_fragment_key);
	__type(value, struct sluice_fragment);
} fragments SEC(".maps");

// Ring number -> ring: one value of shape.ring_slots slots of 4 bytes. A ring in use is never
// rewritten: a new one goes under a free number. Mapped by the control plane, so that filling it
// is plain stores.
struct ring_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DEFAULT_RING_SIZE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, struct ring_table);
} rings SEC(".maps");

// The flows that are remembered: see abi/sluice_abi.h.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct sluice_flow);
	__type(value, struct sluice_flow_entry);
} flows_new SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct sluice_flow);
	__type(value, struct sluice_flow_entry);
} flows_adopted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, struct sluice_flow);
	__type(value, struct sluice_flow_entry);
} doorkeeper SEC(".maps");

// How many entries of flows_new are half-open. Mapped by the control plane, whose sweep corrects
// it.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __s64);
} half_open SEC(".maps");

// By enum sluice_flow_event.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_FLOW_EVENT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} flow_events SEC(".maps");

// The time of cfg_fake_clock.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} clock SEC(".maps");

#include "members_map.bpf.h"

// By member index: the only counter of the forwarding path. Totals of a VIP are sums.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct sluice_counter);
} member_stats SEC(".maps");

// How many answers of our own this CPU may still give.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sluice_bucket);
} reply_bucket SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_DROP_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_PASS_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} passes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_REPLY_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} replies SEC(".maps");

// What became of the last packet, when cfg_explain is on.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sluice_fate);
} fate SEC(".maps");
