// SPDX-License-Identifier: Apache-2.0
// A check in the words of its file.
#pragma once

#include <map>
#include <string>

#include "model/check.h"

namespace sluice {

// "http: /healthz"
std::string kind_text(const Check& check);
// Each key and its value, given or not, but for the kind: "every" is "2s".
std::map<std::string, std::string> check_texts(const Check& check);

}  // namespace sluice
