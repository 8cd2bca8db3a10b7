// SPDX-License-Identifier: Apache-2.0
// A configuration file on its way to the daemon, and the daemon's opinion about it.
#pragma once

#include <string>
#include <variant>

#include "api/config_documents.h"
#include "cli/verb.h"

namespace sluice::cli {

// Posts the text of `file` to `path`. The answer's document; or, after every error in the file has
// been printed as `config check` does, the exit status.
Result<std::variant<nlohmann::json, int>> send_config(const Options& options,
                                                      const std::string& file,
                                                      const std::string& path);

// A diff as people read it; empty sections are left out.
std::vector<std::string> diff_sections(const api::ConfigDiff& diff, bool color);

}  // namespace sluice::cli
