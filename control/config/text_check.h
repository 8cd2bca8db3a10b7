// SPDX-License-Identifier: Apache-2.0
// Refuses what no YAML parser should see: too much text, or text that is not plain UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/diagnostic.h"

namespace sluice {

inline constexpr size_t kMaxFileBytes = 16 << 20;
inline constexpr int kMaxFileLines = 1 << 20;

// Reports: size, byte order marks, bytes that are not UTF-8, control characters, line breaks of
// Unicode, tabs used as indentation, directives (%YAML, %TAG) and blanks without end.
void check_text(std::string_view text, Report& report);

// The same text, once it is checked, for libyaml, which refuses tabs even before comments and in
// empty lines: with spaces there. Nothing else may have tabs in front.
std::string without_leading_tabs(std::string_view text);

}  // namespace sluice
