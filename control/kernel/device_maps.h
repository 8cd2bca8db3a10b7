// SPDX-License-Identifier: Apache-2.0
// Maps in a network device, or with interface index 0 the same on the host.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <span>

#include "base/result.h"
#include "plan/capacity.h"

namespace sluice {

// Whether the driver takes programs onto the device at all: a trivial one is tried.
Result<void> probe_device(uint32_t ifindex);

// Creates every map of the reduced program, as large as `capacity` asks, and puts them in the place
// of those that loading `object` would create. The error names the map's kind and size.
Result<void> create_device_maps(bpf_object* object, const Capacity& capacity, uint32_t ifindex);

// Writes `values`, one after the other, to the entries `indices` of an array: at once where the
// kernel can, one by one where the map is a device's.
Result<void> write_entries(int map, std::span<const uint32_t> indices, const void* values,
                           size_t value_size);

}  // namespace sluice
