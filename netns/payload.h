// SPDX-License-Identifier: Apache-2.0
// What an upload consists of: bytes none of which can be lost, repeated or misplaced unnoticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::netns {

// An endless sequence without a period anybody could meet, the same in every run.
class Pattern {
 public:
  // The next `size` bytes of it.
  void fill(char* bytes, size_t size);

 private:
  uint64_t position_ = 0, word_ = 0;
};

// Tells sequences of bytes apart, however they are cut into parts. Not a defence against people.
class Digest {
 public:
  void add(const char* bytes, size_t size);
  std::string text() const;

 private:
  uint64_t state_ = 0xcbf29ce484222325;
};

}  // namespace sluice::netns
