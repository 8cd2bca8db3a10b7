// SPDX-License-Identifier: Apache-2.0
// Outcomes in words: one line of at most 200 bytes, whatever the backend has sent.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "health/probe.h"

namespace sluice::health {

Outcome good(std::string_view text);
// Something came back from the backend, and it is bad.
Outcome bad(std::string_view text);
// Nothing came back.
Outcome silent(std::string_view text);
Outcome unknown(std::string_view text);

// `bytes` in quotation marks, printable, cut after a few dozen.
std::string in_quotes(std::string_view bytes);

// "1s", "500ms".
std::string in_words(std::chrono::milliseconds time);

}  // namespace sluice::health
