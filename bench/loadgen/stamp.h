// SPDX-License-Identifier: Apache-2.0
// What every packet of a run carries in its last bytes, by which it is known again.
#pragma once

#include <cstdint>

namespace sluice::loadgen {

// In the byte order of this machine, which is at both ends. It stands at the end of the IP packet,
// so that it is found behind any header and in every fragment.
struct Stamp {
  uint32_t magic = 0;     // of the run: what another one left behind is foreign
  uint32_t flow = 0;      // its number, or kFlood
  uint32_t sequence = 0;  // in its flow, from 0
  uint32_t time = 0;      // when it was sent: nanoseconds of the steady clock, modulo 2^32
};
static_assert(sizeof(Stamp) == 16);

// The upper half of every magic; the lower one is the run's.
inline constexpr uint32_t kStampMagic = 0x51ce0000;

// The flow of all SYNs of the flood: each is from elsewhere, and they are numbered together.
inline constexpr uint32_t kFlood = 0xffffffff;

}  // namespace sluice::loadgen
