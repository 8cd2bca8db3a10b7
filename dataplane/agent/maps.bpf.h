// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every map of the agent, in the order a packet meets them.
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi/agent_abi.h"

// Which UDP ports are tunnels: enum sluice_agent_tunnel by destination port, as in the header.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLUICE_AGENT_MAX_PORTS);
	__type(key, __be16);
	__type(value, __u32);
} ports SEC(".maps");

// Where tunnels end: this host's addresses. The value says nothing.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLUICE_AGENT_MAX_LOCALS);
	__type(key, struct sluice_addr);
	__type(value, __u32);
} locals SEC(".maps");

// Who may send tunnel packets. The value says nothing.
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SLUICE_AGENT_MAX_ALLOWED);
	__type(key, struct sluice_prefix);
	__type(value, __u32);
} allowed SEC(".maps");

// What may be inside. The value says nothing.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLUICE_AGENT_MAX_VIPS);
	__type(key, struct sluice_addr);
	__type(value, __u32);
} vips SEC(".maps");

// By enum sluice_agent_tunnel: inner packets, and the bytes of their IP lengths.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_AGENT_TUNNEL_COUNT);
	__type(key, __u32);
	__type(value, struct sluice_counter);
} decapsulated SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_AGENT_DROP_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_AGENT_PASS_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} passes SEC(".maps");
