// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace sluice::cli {

int print_json(const nlohmann::json& document) {
  constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
  fmt::print("{}\n", document.dump(2, ' ', /*ensure_ascii=*/true, kReplace));
  return 0;
}

void print_sections(const std::vector<std::string>& sections) {
  bool first = true;
  for (const std::string& section : sections) {
    if (section.empty()) continue;
    fmt::print("{}{}", first ? "" : "\n", section);
    first = false;
  }
}

void Facts::add(std::string name, std::string value) {
  facts_.emplace_back(std::move(name), std::move(value));
}

std::string Facts::to_string() const {
  size_t width = 0;
  for (const auto& [name, value] : facts_) width = std::max(width, name.size());
  std::string out;
  for (const auto& [name, value] : facts_)
    out += fmt::format("{:<{}}  {}\n", name, width, printable_lines(value, width + 2));
  return out;
}

std::string printable_lines(std::string_view text, size_t indent) {
  std::string out;
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    out += printable(text.substr(0, end)) + "\n" + std::string(indent, ' ');
    text.remove_prefix(end + 1);
  }
  return out + printable(text);
}

std::string comma_separated(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace sluice::cli
