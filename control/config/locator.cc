// SPDX-License-Identifier: Apache-2.0
#include "config/locator.h"

#include <cstdint>

namespace sluice {

namespace {

// True for the bytes of a UTF-8 sequence after its first.
bool continues(char c) {
  return (uint8_t(c) & 0xc0) == 0x80;
}

}  // namespace

Locator::Place Locator::find(size_t before) {
  if (before < characters_) *this = Locator(text_);
  size_t offset = offset_, characters = characters_;  // the loop is quicker without members
  for (; offset < text_.size(); offset++) {
    if (continues(text_[offset])) continue;
    if (characters == before) break;
    characters++;
    if (text_[offset] != '\n') continue;
    line_++;
    line_start_ = offset + 1;
  }
  offset_ = offset;
  characters_ = characters;
  return {.offset = offset_, .position = {.line = line_, .column = int(offset_ - line_start_) + 1}};
}

}  // namespace sluice
