// SPDX-License-Identifier: Apache-2.0
#include "health/outcome_text.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace sluice::health {
namespace {

constexpr size_t kMostBytes = 200;

// A timer that comes later than this says more about this host than about the backend.
constexpr std::chrono::milliseconds kLate{500};

}  // namespace

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, kMostBytes)) line += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > kMostBytes) line.replace(kMostBytes - 3, 3, "...");
  return line;
}

std::string duration_text(std::chrono::milliseconds duration) {
  const int64_t ms = duration.count();
  return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

std::string errno_text(int code) {
  switch (code) {
    case ECONNREFUSED:
      return "connection refused";
    case ECONNRESET:
    case EPIPE:  // a write behind the reset
      return "connection reset";
    case EHOSTUNREACH:
      return "host unreachable";
    case ENETUNREACH:
      return "network unreachable";
    case EACCES:
      return "administratively prohibited";
    default:
      return std::strerror(code);
  }
}

Outcome no_answer(const std::string& text, std::chrono::milliseconds timeout,
                  std::chrono::milliseconds took) {
  if (took <= timeout + kLate) return {Answer::kBad, one_line(text)};
  return {Answer::kUnknown, fmt::format("this host was too busy: it looked for an answer after {} "
                                        "instead of {}",
                                        duration_text(took), duration_text(timeout))};
}

}  // namespace sluice::health
