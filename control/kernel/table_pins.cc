// SPDX-License-Identifier: Apache-2.0
#include "kernel/table_pins.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "kernel/pin.h"

namespace sluice {

std::string TablePins::path(const char* kind, uint64_t number) const {
  return fmt::format("{}/{}-{}", directory_, kind, number);
}

Result<void> TablePins::put(const char* kind, uint64_t number, int fd) const {
  return directory_.empty() ? Result<void>() : pin_instead(fd, path(kind, number));
}

Result<void> TablePins::remove(const char* kind, uint64_t number) const {
  return directory_.empty() ? Result<void>() : unpin(path(kind, number));
}

Result<std::optional<UniqueFd>> TablePins::open(const char* kind, uint64_t number) const {
  if (directory_.empty()) return std::optional<UniqueFd>();
  return open_pin(path(kind, number));
}

Result<std::set<uint64_t>> TablePins::numbers(const char* kind) const {
  std::set<uint64_t> out;
  if (directory_.empty()) return out;
  const Result<std::vector<std::string>> names = list_names(directory_);
  if (!names) return names.error();
  const std::string prefix = std::string(kind) + "-";
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix)) continue;
    uint64_t number = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + prefix.size(), end, number);
    if (error == std::errc() && stop == end) out.insert(number);
  }
  return out;
}

}  // namespace sluice
