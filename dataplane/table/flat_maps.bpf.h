// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every map of a device's program, in the order a packet meets them: maps.bpf.h in the layout of
// abi/device_abi.h. The control plane sets max_entries to fit the configuration.
#pragma once

#include "abi/device_abi.h"

#define DEVICE_TABLE(name, bytes, entries)        \
	struct {                                  \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, entries);     \
		__uint(key_size, sizeof(__u32));  \
		__uint(value_size, bytes);        \
	} name SEC(".maps")

// Whose turn it is: sluice_turn() of the generation in force.
DEVICE_TABLE(turn, sizeof(__u32), 1);

// By sluice_device_index(), all of these. A generation's header, and the arrays in it:
DEVICE_TABLE(generations, SLUICE_GENERATION_HEAD, 2);
DEVICE_TABLE(macs, sizeof(__u64), 2 * SLUICE_MAX_MACS);
DEVICE_TABLE(sources, sizeof(struct sluice_addr), 2 * SLUICE_MAX_SOURCES);
DEVICE_TABLE(source_masks, sizeof(__be32), 2 * SLUICE_MAX_SOURCES);
// ... and those behind it.
DEVICE_TABLE(vip_moves, sizeof(__u32), 2);
DEVICE_TABLE(vips, sizeof(struct sluice_vip), 2);
DEVICE_TABLE(service_moves, sizeof(__u32), 2);
DEVICE_TABLE(services, sizeof(struct sluice_service), 2);
DEVICE_TABLE(range_services, sizeof(struct sluice_service), 2);
DEVICE_TABLE(port_entries, sizeof(__u16), 2 * SLUICE_PORTS_IN_PAGE);
DEVICE_TABLE(positions, sizeof(__u32), 2);

DEVICE_TABLE(settings, sizeof(struct sluice_device_settings), 1);

// Ring after ring, a slot an entry. A ring in use is never rewritten.
DEVICE_TABLE(rings, sizeof(__u32), 2);

// Two entries a member.
DEVICE_TABLE(members, SLUICE_DEVICE_VALUE, 2);

// Shared by all of the device's threads, which add to them atomically.
DEVICE_TABLE(member_stats, sizeof(struct sluice_counter), 2);
DEVICE_TABLE(drops, sizeof(__u64), SLUICE_DROP_REASON_COUNT);
DEVICE_TABLE(passes, sizeof(__u64), SLUICE_PASS_REASON_COUNT);
DEVICE_TABLE(replies, sizeof(__u64), SLUICE_REPLY_REASON_COUNT);
