// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The one map that other programs read, too: a probe goes the way of its member's traffic.
#pragma once

#include <bpf/bpf_helpers.h>
#include "abi/sluice_abi.h"

// Mapped by the control plane: a next hop's new MAC is one aligned store.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct sluice_member);
} members SEC(".maps");
