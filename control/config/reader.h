// SPDX-License-Identifier: Apache-2.0
// Text -> Config, or every error in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/diagnostic.h"
#include "model/config.h"

namespace sluice {

struct Reading {
  std::optional<Config> config;    // if and only if there are no errors
  std::vector<Diagnostic> errors;  // in the order of the file
};

// Any text whatever is answered, within bounded time and memory. `file_name` is for the messages.
Reading read_config(std::string_view text, const std::string& file_name);

// What is in the file, for read_config(): no more of it than shows that it is too large.
Result<std::string> read_config_text(const std::string& path);

// Both together. Fails only if the file cannot be read.
Result<Reading> read_config_file(const std::string& path);

}  // namespace sluice
