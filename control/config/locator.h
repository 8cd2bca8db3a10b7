// SPDX-License-Identifier: Apache-2.0
// Finds where libyaml's marks stand in the text: they count characters, positions count bytes.
#pragma once

#include <cstddef>
#include <string_view>

#include "config/diagnostic.h"

namespace sluice {

class Locator {
 public:
  struct Place {
    size_t offset = 0;  // in bytes; the text's size for its end
    Position position;
  };

  explicit Locator(std::string_view text) : text_(text) {}

  // Of the character that `before` others come before. Walks on from where it was last: quick if
  // what is asked for comes in the order of the text.
  Place find(size_t before);

 private:
  std::string_view text_;
  size_t characters_ = 0;  // before offset_
  size_t offset_ = 0;
  size_t line_start_ = 0;  // of the line of offset_
  int line_ = 1;
};

}  // namespace sluice
