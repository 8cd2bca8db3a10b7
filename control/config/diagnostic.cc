// SPDX-License-Identifier: Apache-2.0
#include "config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/log.h"

namespace sluice {

std::string to_string(const Position& position) {
  return fmt::format("{}:{}", position.line, position.column);
}

std::string to_string(const Diagnostic& d) {
  return fmt::format("{}:{}:{}: error: {}", printable(d.file), d.line, d.column, d.message);
}

std::string_view first_bytes(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most;
  while (most - end < 3 && (uint8_t(text[end]) & 0xc0) == 0x80) end--;
  return text.substr(0, end);
}

std::string excerpt(std::string_view text) {
  constexpr size_t kLongest = 64;
  return printable(first_bytes(text, kLongest)) + (text.size() > kLongest ? "..." : "");
}

std::string quoted(std::string_view text) {
  return '"' + excerpt(text) + '"';
}

void Report::add(Position at, std::string message) {
  if (full()) return;
  diagnostics_.push_back(
      {.file = file_, .line = at.line, .column = at.column, .message = std::move(message)});
}

std::vector<Diagnostic> Report::take() {
  const bool was_full = full();
  std::vector<Diagnostic> all = std::move(diagnostics_);
  diagnostics_.clear();
  const auto place = [](const Diagnostic& d) { return std::tie(d.line, d.column); };
  std::stable_sort(all.begin(), all.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (was_full) {
    Diagnostic more = all.back();
    more.message = fmt::format("no more than {} errors are listed", kLimit);
    all.push_back(std::move(more));
  }
  return all;
}

}  // namespace sluice
