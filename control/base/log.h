// SPDX-License-Identifier: Apache-2.0
// Where the programs say what they do: spdlog on standard error, which journald understands.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

namespace sluice {

// Sends log lines to standard error: with a time stamp on a terminal or a file, with syslog's
// <priority> prefix (sd-daemon(3)) where journald adds its own.
void init_log(bool verbose);

// `text` with control characters and bytes that are not UTF-8 written as \xNN, so that a string
// from outside can neither forge a log line nor drive a terminal.
std::string printable(std::string_view text);

}  // namespace sluice
