// SPDX-License-Identifier: Apache-2.0
#include "config/text_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/log.h"

namespace sluice {

namespace {

constexpr uint64_t kMaxWiped = uint64_t(1) << 34;  // half a second's

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

struct Flaw {
  size_t at;  // its index in the line
  std::string what;
};

std::string describe_bad_byte(std::string_view from) {
  const uint8_t first = uint8_t(from[0]);
  if (first == 0) return "a NUL byte (is the file UTF-16? save it as UTF-8)";
  if (first == '\r') return "a carriage return that does not end a line";
  const bool c1 = from.size() > 1 && first == 0xc2 && (uint8_t(from[1]) & 0xe0) == 0x80;
  if (first < 0x20 || first == 0x7f || c1)
    return fmt::format("a control character ({})", printable(from.substr(0, c1 ? 2 : 1)));
  return fmt::format("the byte \\x{:02x} is not UTF-8", first);
}

// The first byte that printable() would have to escape, tabs aside.
std::optional<Flaw> first_bad_byte(std::string_view line) {
  constexpr size_t kPiece = 4096;  // copies stay small even if the whole file is one line
  for (size_t begin = 0; begin < line.size();) {
    const std::string_view piece = first_bytes(line.substr(begin), kPiece);
    std::string copy(piece);
    std::replace(copy.begin(), copy.end(), '\t', ' ');
    const std::string shown = printable(copy);
    const auto [bad, escape] = std::mismatch(copy.begin(), copy.end(), shown.begin(), shown.end());
    const size_t at = begin + size_t(bad - copy.begin());
    if (bad != copy.end()) return Flaw{at, describe_bad_byte(line.substr(at))};
    begin += piece.size();
  }
  return std::nullopt;
}

// The first character that can be printed, but where YAML 1.1 sees the end of a line, or nothing
// at all, while the editor shows something else.
std::optional<Flaw> first_ambiguous(std::string_view line) {
  struct Ambiguous {
    std::string_view bytes;
    std::string_view what;
  };
  constexpr Ambiguous kAmbiguous[] = {
      {"\xe2\x80\xa8", "a line break of Unicode (U+2028)"},
      {"\xe2\x80\xa9", "a line break of Unicode (U+2029)"},
      {"\xef\xbb\xbf", "a byte order mark inside the file (U+FEFF)"},
      {"\xef\xbf\xbe", "not a character (U+FFFE)"},
      {"\xef\xbf\xbf", "not a character (U+FFFF)"},
  };
  std::optional<Flaw> first;
  for (const auto& [bytes, what] : kAmbiguous) {
    const size_t at = line.find(bytes);
    if (at != std::string_view::npos && (!first || at < first->at)) first = {at, std::string(what)};
  }
  return first;
}

std::optional<Flaw> first_flaw(std::string_view line) {
  const auto is_plain = [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7f); };
  if (std::all_of(line.begin(), line.end(), is_plain)) return std::nullopt;
  if (std::optional<Flaw> bad = first_bad_byte(line)) return bad;
  return first_ambiguous(line);
}

// False when the rest of the file is not worth looking at.
bool check_line(std::string_view line, int number, Report& report) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (const std::optional<Flaw> flaw = first_flaw(line)) {
    report.add({number, int(flaw->at) + 1}, flaw->what);
    return false;
  }
  if (line.starts_with('%')) report.add({number, 1}, "YAML directives (%) are not supported");
  const size_t tab = line.find('\t');
  if (tab == std::string_view::npos) return true;
  const size_t indentation = std::min(line.find_first_not_of(" \t"), line.size());
  if (tab < indentation && indentation < line.size() && line[indentation] != '#')
    report.add({number, int(tab) + 1}, "a tab in the indentation; use spaces");
  return true;
}

Position position_of(size_t offset, std::string_view text) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {.line = int(std::count(before.begin(), before.end(), '\n')) + 1,
          .column = int(offset - line_start) + 1};
}

// At every word and every line of a value libyaml wipes a buffer that is as long as the longest run
// of blanks, line breaks among them, that it has met in the value: of 8 MiB of blanks and a million
// words it would be minutes.
void check_blanks(std::string_view text, Report& report) {
  uint64_t wipes = 0;
  size_t run = 0, longest = 0, longest_at = 0;
  for (size_t i = 0; i <= text.size(); i++) {
    // What else is below a space has been refused.
    const bool is_blank = i < text.size() && uint8_t(text[i]) <= ' ';
    if (is_blank) {
      if (run++ == 0 || text[i] == '\n') wipes++;
      continue;
    }
    if (run > longest) {
      longest = run;
      longest_at = i - run;
    }
    run = 0;
  }
  if (wipes * longest > kMaxWiped)
    report.add(position_of(longest_at, text), "too many spaces or empty lines in a row from here");
}

}  // namespace

void check_text(std::string_view text, Report& report) {
  if (std::optional<std::string> error = whole_file_error(text)) {
    report.add({1, 1}, std::move(*error));
    return;
  }
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); number++) {
    if (number > kMaxFileLines) {
      report.add({number, 1}, fmt::format("the file has more than {} lines", kMaxFileLines));
      return;
    }
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (!check_line(rest.substr(0, end), number, report)) return;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  check_blanks(text, report);
}

std::string without_leading_tabs(std::string_view text) {
  std::string result(text);
  bool is_leading = true;
  for (char& c : result) {
    if (is_leading && c == '\t') c = ' ';
    is_leading = c == '\n' || (is_leading && c == ' ');
  }
  return result;
}

}  // namespace sluice
