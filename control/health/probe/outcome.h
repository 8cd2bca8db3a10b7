// SPDX-License-Identifier: Apache-2.0
// Outcomes in words: one line of at most 200 bytes, whatever the backend has sent.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "health/probe/probe.h"

namespace sluice::health {

Outcome good(std::string_view text);
// Something came back from the backend, and it is bad.
Outcome bad(std::string_view text);
// Nothing came back.
Outcome silent(std::string_view text);
Outcome unknown(std::string_view text);
// No answer has come in time: "<what> within 1s<detail>". Nobody's fault but our own if we looked
// so much later that one may have come meanwhile.
Outcome too_late(std::string_view what, std::chrono::milliseconds timeout,
                 std::chrono::milliseconds held_up, std::string_view detail = "");

// `bytes` in quotation marks, printable, cut after a few dozen.
std::string in_quotes(std::string_view bytes);

// "1s", "500ms".
std::string in_words(std::chrono::milliseconds time);

}  // namespace sluice::health
