// SPDX-License-Identifier: Apache-2.0
#include "netns/payload.h"

#include <fmt/format.h>

namespace sluice::netns {
namespace {

// splitmix64
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

void Pattern::fill(char* bytes, size_t size) {
  for (size_t i = 0; i < size; i++, position_++, word_ >>= 8) {
    if (position_ % sizeof(word_) == 0) word_ = mix(position_);
    bytes[i] = char(word_);
  }
}

// FNV-1a
void Digest::add(const char* bytes, size_t size) {
  for (size_t i = 0; i < size; i++) state_ = (state_ ^ uint8_t(bytes[i])) * 0x100000001b3;
}

std::string Digest::text() const {
  return fmt::format("{:016x}", state_);
}

}  // namespace sluice::netns
