// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071), of packets the lab makes by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::netns {

// The sum of 16-bit words as they stand in memory, and of an odd last byte as if a zero followed;
// with carries added in, so that it is at most 0x1fffe. The same as that of wider words (RFC 1071,
// 2).
inline uint32_t sum_of_words(const void* data, size_t size) {
  const char* const bytes = static_cast<const char*>(data);
  uint64_t sum = 0;
  size_t at = 0;
  for (uint32_t word = 0; at + sizeof(word) <= size; at += sizeof(word)) {
    memcpy(&word, bytes + at, sizeof(word));
    sum += word;
  }
  if (at < size) {
    uint32_t rest = 0;
    memcpy(&rest, bytes + at, size - at);
    sum += rest;
  }
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  return uint32_t((sum & 0xffff) + (sum >> 16));
}

// What goes into the header, as it stands in memory.
inline uint16_t checksum_of(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(~sum);
}

}  // namespace sluice::netns
