// SPDX-License-Identifier: Apache-2.0
#include "cli/duration.h"

#include <charconv>

namespace sluice::cli {

std::optional<std::chrono::seconds> duration_of(std::string_view text,
                                                std::chrono::seconds longest) {
  int64_t n = 0;
  const std::from_chars_result r = std::from_chars(text.begin(), text.end(), n);
  const std::string_view unit(r.ptr, size_t(text.end() - r.ptr));
  const int64_t size = unit == "s"   ? 1
                       : unit == "m" ? 60
                       : unit == "h" ? 3600
                       : unit == "d" ? 24 * 3600
                                     : 0;
  if (r.ec != std::errc() || size == 0 || n <= 0 || n > longest.count() / size) return std::nullopt;
  return std::chrono::seconds(n * size);
}

}  // namespace sluice::cli
