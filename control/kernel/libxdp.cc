// SPDX-License-Identifier: Apache-2.0
#include "kernel/libxdp.h"

#include <fcntl.h>

#include <array>
#include <cstdio>
#include <string_view>

#include "base/log.h"

namespace sluice::libxdp {

namespace {

std::string& last() {
  static std::string text;
  return text;
}

// Lines of no interest to whoever asks why: libbpf's own, and the verifier's sums.
bool is_frame(std::string_view line) {
  for (const std::string_view begin :
       {"libbpf:", "processed ", "verification time", "stack depth", "-- "})
    if (line.starts_with(begin)) return true;
  return line.empty();
}

int collect(libxdp_print_level level, const char* format, va_list arguments) {
  std::array<char, 512> line;
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (length <= 0) return 0;
  std::string text(line.data());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  spdlog::debug("libxdp: {}", printable(text));
  // Of several complaints, the first is the cause.
  if (level == LIBXDP_WARN && last().empty()) last() = std::move(text);
  return length;
}

}  // namespace

Result<ProgramPtr> program_of(int fd) {
  return own(xdp_program__from_fd(fd), "look at a program");
}

Session::Session() : previous_(libxdp_set_print(&collect)) {
  last().clear();
}

Session::~Session() {
  libxdp_set_print(previous_);
}

Result<UniqueFd> Session::keep(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return errno_error("keep a descriptor");
  descriptors_.keep(copy.get());
  return copy;
}

std::string Session::why() const {
  const std::string all = log_.tail();
  for (size_t end = all.size(); end > 0;) {
    const size_t start = all.rfind('\n', end - 1);
    const size_t first = all.find_first_not_of(" \n", start == std::string::npos ? 0 : start);
    if (first < end && !is_frame(std::string_view(all).substr(first, end - first)))
      return ": " + all.substr(first, end - first);
    end = start == std::string::npos ? 0 : start;
  }
  return last().empty() ? "" : ": " + printable(last());
}

}  // namespace sluice::libxdp
