// SPDX-License-Identifier: Apache-2.0
#include "health/probe/outcome.h"

#include <fmt/format.h>

#include "base/log.h"

namespace sluice::health {

namespace {

constexpr size_t kLongest = 200;
constexpr size_t kQuoted = 48;

// Of the line `text`, which is printable: what fits, and no half of a character (UTF-8).
std::string cut(std::string text) {
  if (text.size() <= kLongest) return text;
  size_t size = kLongest - 3;
  while (size > 0 && (uint8_t(text[size]) & 0xc0) == 0x80) size--;
  text.resize(size);
  return text + "...";
}

Outcome outcome(Answer answer, std::string_view text) {
  // Not even read further than can be shown: a backend may have sent much.
  return {.answer = answer, .text = cut(printable(text.substr(0, 2 * kLongest))), .weight = {}};
}

}  // namespace

Outcome good(std::string_view text) {
  return outcome(Answer::kGood, text);
}

Outcome bad(std::string_view text) {
  Outcome o = outcome(Answer::kBad, text);
  o.replied = true;
  return o;
}

Outcome silent(std::string_view text) {
  return outcome(Answer::kBad, text);
}

Outcome unknown(std::string_view text) {
  return outcome(Answer::kUnknown, text);
}

Outcome too_late(std::string_view what, std::chrono::milliseconds timeout,
                 std::chrono::milliseconds held_up, std::string_view detail) {
  const std::string text = fmt::format("{} within {}{}", what, in_words(timeout), detail);
  if (held_up <= timeout / 4) return silent(text);
  return unknown(fmt::format("{}, but we were held up for {} ourselves", text, in_words(held_up)));
}

std::string in_quotes(std::string_view bytes) {
  const bool all = bytes.size() <= kQuoted;
  return fmt::format("\"{}{}\"", printable(bytes.substr(0, kQuoted)), all ? "" : "...");
}

std::string in_words(std::chrono::milliseconds time) {
  if (time.count() % 1000 == 0) return fmt::format("{}s", time.count() / 1000);
  return fmt::format("{}ms", time.count());
}

}  // namespace sluice::health
