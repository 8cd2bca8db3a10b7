// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071), of packets the lab makes by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::netns {

// The sum of 16-bit words as they stand in memory, and of an odd last byte as if a zero followed.
inline uint32_t sum_of_words(const void* data, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i < size; i += 2) {
    uint16_t word = 0;
    memcpy(&word, static_cast<const char*>(data) + i, size - i < 2 ? 1 : 2);
    sum += word;
  }
  return sum;
}

// What goes into the header, as it stands in memory.
inline uint16_t checksum_of(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(~sum);
}

}  // namespace sluice::netns
