// SPDX-License-Identifier: Apache-2.0
// Durations as people write them: "60s".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sluice::cli {

// Of "60s", "15m", "2h" or "7d". Nothing: it is none, it is zero, or longer than `longest`.
std::optional<std::chrono::seconds> duration_of(std::string_view text,
                                                std::chrono::seconds longest);

}  // namespace sluice::cli
