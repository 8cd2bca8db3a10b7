// SPDX-License-Identifier: Apache-2.0
#include "cli/human.h"

#include <fmt/format.h>

#include <cmath>

namespace sluice::cli {

namespace {

// Three significant digits: 1.23, 12.3, 123.
std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

}  // namespace

std::string human_count(uint64_t n) {
  if (n < 100'000) return std::to_string(n);
  constexpr const char* kUnits[] = {"k", "M", "G", "T", "P", "E"};
  double value = double(n) / 1000;
  size_t unit = 0;
  for (; value >= 999.5; unit++) value /= 1000;
  return three_digits(value) + kUnits[unit];
}

std::string human_bytes(uint64_t n) {
  if (n < 1024) return std::to_string(n) + " B";
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = double(n) / 1024;
  size_t unit = 0;
  for (; value >= 1023.5; unit++) value /= 1024;
  return three_digits(value) + " " + kUnits[unit];
}

std::string human_share(double share) {
  return fmt::format("{:.1f}%", share * 100);
}

std::string human_duration(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  const uint64_t s = uint64_t(std::llround(seconds));
  constexpr uint64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  if (s < kMinute) return fmt::format("{}s", s);
  if (s < kHour) return fmt::format("{}m{:02}s", s / kMinute, s % kMinute);
  if (s < kDay) return fmt::format("{}h{:02}m", s / kHour, s % kHour / kMinute);
  return fmt::format("{}d{:02}h", s / kDay, s % kDay / kHour);
}

std::string counted(uint64_t n, std::string_view singular) {
  return fmt::format("{} {}{}", n, singular, n == 1 ? "" : "s");
}

}  // namespace sluice::cli
