// SPDX-License-Identifier: Apache-2.0
// Backends and what operators have said of them, for people.
#pragma once

#include <string>
#include <vector>

#include "api/backend_documents.h"

namespace sluice::cli {

// "web/be1 drained since 2024-02-29T12:00:00Z until ... (in 9m30s) by alice (uid 0): new disks"
std::string sentence_of(const api::Override& o);
// The same, a line each.
std::string lines_of(const std::vector<api::Override>& overrides);

// Of `state` of a PoolBackend: whether somebody should look.
bool is_alarming(const std::string& state);

std::string backend_table(const std::vector<api::PoolBackend>& backends, bool color);
std::string override_table(const std::vector<api::Override>& overrides, bool color);

}  // namespace sluice::cli
