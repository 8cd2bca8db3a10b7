// SPDX-License-Identifier: Apache-2.0
// What libxdp keeps of dispatchers on a BPF file system: for each a directory
// "dispatch-<ifindex>-<its program's id>" with the pins of the programs that it calls and of the
// links that hold them in it. Reading them needs no right to find programs by their ids.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sluice {

// Makes libxdp keep its pins on this BPF file system, unless its environment says where. To be said
// once, while there is one thread.
void keep_dispatchers_on(const std::string& bpffs);

// The interface on which a dispatcher calls the program now; 0: there is none.
Result<uint32_t> dispatched_on(uint32_t program_id);

// Removes what is kept of the program's dispatchers whose interfaces are gone: libxdp does not, and
// everything they called would stay.
Result<void> forget_dispatchers_of(uint32_t program_id);

}  // namespace sluice
