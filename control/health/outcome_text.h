// SPDX-License-Identifier: Apache-2.0
// What outcomes say.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "health/probe.h"

namespace sluice::health {

// `text`, which may come from anybody, as at most 200 printable ASCII bytes: it ends up in logs, in
// terminals and in JSON.
std::string one_line(std::string_view text);

// "1s", "1500ms".
std::string duration_text(std::chrono::milliseconds duration);

// "connection refused": what a system call's errno means of a backend, or of us.
std::string errno_text(int code);

// That no answer has come within `timeout`; nothing is known if we looked far too late.
Outcome no_answer(const std::string& text, std::chrono::milliseconds timeout,
                  std::chrono::milliseconds took);

}  // namespace sluice::health
