// SPDX-License-Identifier: Apache-2.0
// A configuration's text with facts about it, sealed by a hash over both: what is damaged, cut or
// somebody else's is never taken for one.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct SealedText {
  nlohmann::json facts;
  std::string text;
};

std::string seal(const SealedText& sealed);
// Nothing, if a single bit is not as it was.
std::optional<SealedText> unseal(std::string_view bytes);

// In hexadecimal.
std::string sha256(std::string_view text);

}  // namespace sluice
