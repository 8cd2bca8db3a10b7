// SPDX-License-Identifier: Apache-2.0
#include "kernel/load_log.h"

#include <cstdarg>
#include <cstdio>
#include <vector>

#include "base/log.h"

namespace sluice {

namespace {

constexpr int kTailLines = 12;

}  // namespace

std::string& LoadLog::text() {
  static std::string collected;
  return collected;
}

int LoadLog::collect(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return 0;
  std::vector<char> line(size_t(length) + 1);
  std::vsnprintf(line.data(), line.size(), format, arguments);
  text().append(line.data(), size_t(length));
  return length;
}

std::string LoadLog::tail() const {
  const std::string& all = text();
  size_t start = all.size();
  for (int lines = 0; start > 0; start--)
    if (all[start - 1] == '\n' && lines++ == kTailLines) break;
  std::string out;
  for (size_t at = start; at < all.size();) {
    const size_t end = std::min(all.find('\n', at), all.size());
    if (end > at) out += "\n    " + printable(std::string_view(all).substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace sluice
