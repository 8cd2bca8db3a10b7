// SPDX-License-Identifier: Apache-2.0
#include "config/text_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/log.h"

namespace sluice {

namespace {

// What is wrong with the file as a whole, judged by its size and its first bytes.
std::optional<std::string> whole_file_error(std::string_view text) {
  if (text.size() > kMaxFileBytes)
    return fmt::format("the file is larger than {} MiB", kMaxFileBytes >> 20);
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    return "the file is UTF-16; save it as UTF-8";
  if (text.starts_with("\xef\xbb\xbf"))
    return "the file starts with a byte order mark; save it as UTF-8 without one";
  return std::nullopt;
}

// The index of the first byte that printable() would have to escape, tabs aside.
std::optional<size_t> first_bad_byte(std::string_view line) {
  constexpr size_t kPiece = 4096;  // copies stay small even if the whole file is one line
  const auto plain = [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7f); };
  for (size_t begin = 0; begin < line.size();) {
    const std::string_view piece = first_bytes(line.substr(begin), kPiece);
    if (!std::all_of(piece.begin(), piece.end(), plain)) {
      std::string copy(piece);
      std::replace(copy.begin(), copy.end(), '\t', ' ');
      const std::string shown = printable(copy);
      const auto [bad, escape] =
          std::mismatch(copy.begin(), copy.end(), shown.begin(), shown.end());
      if (bad != copy.end()) return begin + size_t(bad - copy.begin());
    }
    begin += piece.size();
  }
  return std::nullopt;
}

std::string describe_bad_byte(std::string_view from) {
  const uint8_t first = uint8_t(from[0]);
  if (first == 0) return "a NUL byte (is the file UTF-16? save it as UTF-8)";
  if (first == '\r') return "a carriage return that does not end a line";
  const bool c1 = from.size() > 1 && first == 0xc2 && (uint8_t(from[1]) & 0xe0) == 0x80;
  if (first < 0x20 || first == 0x7f || c1)
    return fmt::format("a control character ({})", printable(from.substr(0, c1 ? 2 : 1)));
  return fmt::format("the byte \\x{:02x} is not UTF-8", first);
}

// False when the rest of the file is not worth looking at.
bool check_line(std::string_view line, int number, Report& report) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (const std::optional<size_t> bad = first_bad_byte(line)) {
    report.add({number, int(*bad) + 1}, describe_bad_byte(line.substr(*bad)));
    return false;
  }
  if (line.starts_with('%')) report.add({number, 1}, "YAML directives (%) are not supported");
  const size_t indentation = std::min(line.find_first_not_of(" \t"), line.size());
  const size_t tab = line.find('\t');
  if (tab < indentation && indentation < line.size() && line[indentation] != '#')
    report.add({number, int(tab) + 1}, "a tab in the indentation; use spaces");
  return true;
}

}  // namespace

void check_text(std::string_view text, Report& report) {
  if (std::optional<std::string> error = whole_file_error(text)) {
    report.add({1, 1}, std::move(*error));
    return;
  }
  for (int number = 1; !text.empty(); number++) {
    if (number > kMaxFileLines) {
      report.add({number, 1}, fmt::format("the file has more than {} lines", kMaxFileLines));
      return;
    }
    const size_t end = std::min(text.find('\n'), text.size());
    if (!check_line(text.substr(0, end), number, report)) return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace sluice
