// SPDX-License-Identifier: Apache-2.0
// Refuses what no YAML parser should see: too much text, or text that is not plain UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

#include "config/diagnostic.h"

namespace sluice {

inline constexpr size_t kMaxFileBytes = 16 << 20;
inline constexpr int kMaxFileLines = 1 << 20;

// Reports: size, byte order marks, bytes that are not UTF-8, control characters, tabs used as
// indentation and directives (%YAML, %TAG).
void check_text(std::string_view text, Report& report);

}  // namespace sluice
