// SPDX-License-Identifier: Apache-2.0
// Which configuration a daemon starts with.
#pragma once

#include <optional>
#include <string>

#include "daemon/config_store.h"
#include "model/config.h"

namespace sluice {

struct Beginning {
  std::string text;
  Config config;
  std::string error;  // why it is not what the file says; empty: it is
  // What waits to be confirmed yet, or, if `is_late`, waited in vain: `text` is what was before it.
  std::optional<PendingConfig> pending;
  bool is_late = false;
};

// The file's, if it is valid; else the last one that was in force. What waited to be confirmed, and
// was not in time, is undone. What somebody wrote into the file meanwhile counts as confirmed. An
// Error, the file's, if there is nothing to start with. `now` is in seconds since 1970.
Result<Beginning> choose_beginning(const std::string& file, const ConfigStore& store, int64_t now);

// The Config that is in the text of the file `name`, or all its errors, a line each.
Result<Config> valid_config(std::string_view text, const std::string& name);

}  // namespace sluice
