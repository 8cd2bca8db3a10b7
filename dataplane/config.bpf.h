// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Load-time settings: constants to the verifier, which removes what they switch off.
//
// Set through the skeleton before load. Not static: bpftool hides static variables.
#pragma once

#include "abi/flow_hash.h"
#include "abi/sluice_abi.h"

// The shape of an object that is loaded as it is (bpftool, veristat). The control plane sets
// cfg_layout and the sizes of the maps together.
enum {
	DEFAULT_VIPS = 64,
	DEFAULT_SERVICES = 128,
	DEFAULT_RANGE_SERVICES = 64,
	DEFAULT_PORT_PAGES = 64,
	DEFAULT_POSITIONS = 1024,
	DEFAULT_RING_SLOTS = 65537,
	DEFAULT_RING_SIZE = (DEFAULT_RING_SLOTS + 1) * sizeof(__u32), // sluice_ring_size()

	// As sluice_layout_of() has it.
	DEFAULT_SERVICES_AT =
	    sizeof(struct sluice_generation) + DEFAULT_SERVICES / SLUICE_BUCKET * sizeof(__u32),
	DEFAULT_VIP_DISPLACEMENTS_AT =
	    DEFAULT_SERVICES_AT + DEFAULT_SERVICES * sizeof(struct sluice_service),
	DEFAULT_VIPS_AT =
	    DEFAULT_VIP_DISPLACEMENTS_AT + DEFAULT_VIPS / SLUICE_BUCKET * sizeof(__u32),
	DEFAULT_RANGE_SERVICES_AT = DEFAULT_VIPS_AT + DEFAULT_VIPS * sizeof(struct sluice_vip),
	DEFAULT_PORT_PAGES_AT =
	    DEFAULT_RANGE_SERVICES_AT + DEFAULT_RANGE_SERVICES * sizeof(struct sluice_service),
	DEFAULT_POSITIONS_AT =
	    DEFAULT_PORT_PAGES_AT + DEFAULT_PORT_PAGES * sizeof(struct sluice_port_page),
	DEFAULT_GENERATION_SIZE = DEFAULT_POSITIONS_AT + DEFAULT_POSITIONS * sizeof(__u32),
};

// Read member by member, where it is needed: casting the volatile away would let clang fold the
// values the object was compiled with.
const volatile struct sluice_layout cfg_layout = {
    .service_bucket_mask = DEFAULT_SERVICES / SLUICE_BUCKET - 1,
    .services_at = DEFAULT_SERVICES_AT,
    .service_mask = DEFAULT_SERVICES - 1,
    .vip_displacements_at = DEFAULT_VIP_DISPLACEMENTS_AT,
    .vip_bucket_mask = DEFAULT_VIPS / SLUICE_BUCKET - 1,
    .vips_at = DEFAULT_VIPS_AT,
    .vip_mask = DEFAULT_VIPS - 1,
    .range_services_at = DEFAULT_RANGE_SERVICES_AT,
    .range_service_mask = DEFAULT_RANGE_SERVICES - 1,
    .port_pages_at = DEFAULT_PORT_PAGES_AT,
    .port_page_mask = DEFAULT_PORT_PAGES - 1,
    .positions_at = DEFAULT_POSITIONS_AT,
    .position_mask = DEFAULT_POSITIONS - 1,
    .ring_slots = DEFAULT_RING_SLOTS,
};

// The fleet-wide secret of the flow hash.
const volatile struct sluice_hash_key cfg_hash_key;

// Are there VIPs that are prefixes?
const volatile _Bool cfg_prefixes = 1;

// Are there services on port ranges?
const volatile _Bool cfg_port_ranges = 1;

// Does any service remember flows?
const volatile _Bool cfg_tracking = 1;

// How many entries of flows_new may be half-open.
const volatile __u32 cfg_half_open_quota = 512;

// Read the time from the map `clock`, nanoseconds, and not from the kernel: for tests.
const volatile _Bool cfg_fake_clock = 0;

// Answers of our own (echo, too big, reset) a second on each CPU; 0: none.
const volatile __u32 cfg_replies_per_second = 1000;

// Write down what became of each packet (struct sluice_fate): for `sluicectl simulate`.
const volatile _Bool cfg_explain = 0;
