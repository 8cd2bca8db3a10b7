// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Load-time settings: constants to the verifier, which removes what they switch off.
//
// Set through the skeleton before load. Not static: bpftool hides static variables.
#pragma once

#include "abi/flow_hash.h"
#include "abi/sluice_abi.h"

// The shape of an object that is loaded as it is (bpftool, veristat). The control plane sets
// cfg_shape and the sizes of the maps together.
enum {
	DEFAULT_VIPS = 64,
	DEFAULT_SERVICES = 128,
	DEFAULT_RANGE_SERVICES = 64,
	DEFAULT_PORT_PAGES = 64,
	DEFAULT_POSITIONS = 1024,
	DEFAULT_RING_SLOTS = 65537,
	DEFAULT_RING_SIZE = (DEFAULT_RING_SLOTS + 1) * sizeof(__u32), // sluice_ring_size()
	DEFAULT_GENERATION_SIZE =
	    sizeof(struct sluice_generation) + DEFAULT_VIPS * sizeof(struct sluice_vip) +
	    DEFAULT_SERVICES * sizeof(struct sluice_service) +
	    (DEFAULT_VIPS + DEFAULT_SERVICES) / SLUICE_BUCKET * sizeof(__u32) +
	    DEFAULT_RANGE_SERVICES * sizeof(struct sluice_service) +
	    DEFAULT_PORT_PAGES * sizeof(struct sluice_port_page) +
	    DEFAULT_POSITIONS * sizeof(__u32),
};

const volatile struct sluice_shape cfg_shape = {
    .vips = DEFAULT_VIPS,
    .services = DEFAULT_SERVICES,
    .range_services = DEFAULT_RANGE_SERVICES,
    .port_pages = DEFAULT_PORT_PAGES,
    .positions = DEFAULT_POSITIONS,
    .ring_slots = DEFAULT_RING_SLOTS,
};

// The fleet-wide secret of the flow hash.
const volatile struct sluice_hash_key cfg_hash_key;

// Are there VIPs that are prefixes?
const volatile _Bool cfg_prefixes = 1;

// Are there services on port ranges?
const volatile _Bool cfg_port_ranges = 1;

// Answers of our own (echo, too big, reset) a second on each CPU; 0: none.
const volatile __u32 cfg_replies_per_second = 1000;

// Write down what became of each packet (struct sluice_fate): for `sluicectl simulate`.
const volatile _Bool cfg_explain = 0;

// Copies that functions may take. Read member by member: casting the volatile away would let clang
// fold the value the object was compiled with.
static __always_inline struct sluice_shape shape(void)
{
	struct sluice_shape s = {
	    .vips = cfg_shape.vips,
	    .services = cfg_shape.services,
	    .range_services = cfg_shape.range_services,
	    .port_pages = cfg_shape.port_pages,
	    .positions = cfg_shape.positions,
	    .ring_slots = cfg_shape.ring_slots,
	};

	return s;
}

static __always_inline struct sluice_hash_key hash_key(void)
{
	struct sluice_hash_key k;

	for (int i = 0; i < SLUICE_HASH_KEY_WORDS; i++)
		k.word[i] = cfg_hash_key.word[i];
	return k;
}
