// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>
#include <memory>

namespace sluice {

namespace {

// %* : the level as syslog's <priority>, which journald strips and stores.
class SyslogPriority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& dest) override {
    constexpr const char* kPriority[] = {"<7>", "<7>", "<6>", "<4>", "<3>", "<2>", "<6>"};
    const std::string_view text = kPriority[msg.level];
    dest.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<SyslogPriority>();
  }
};

// The length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629), or 0.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? uint8_t(text[i]) : uint8_t(0); };
  const auto tail = [&](size_t from, size_t to) {
    for (size_t i = from; i <= to; i++)
      if ((byte(i) & 0xc0) != 0x80) return false;
    return true;
  };
  const uint8_t first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1, 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;
    return tail(1, 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && second < 0x90) return 0;
    if (first == 0xf4 && second > 0x8f) return 0;
    return tail(1, 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

void init_log(bool verbose) {
  auto logger =
      std::make_shared<spdlog::logger>("sluice", std::make_shared<spdlog::sinks::stderr_sink_st>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<SyslogPriority>('*');
  formatter->set_pattern(std::getenv("JOURNAL_STREAM") ? "%*%v" : "%Y-%m-%dT%H:%M:%S.%e %l: %v");
  logger->set_formatter(std::move(formatter));
  logger->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t n = utf8_length(text);
    const bool c1 = n == 2 && uint8_t(text[0]) == 0xc2 && uint8_t(text[1]) < 0xa0;
    const bool control = n == 1 && (uint8_t(text[0]) < 0x20 || text[0] == 0x7f);
    if (n == 0 || control || c1) {
      out += fmt::format("\\x{:02x}", uint8_t(text[0]));
      if (c1) out += fmt::format("\\x{:02x}", uint8_t(text[1]));
      text.remove_prefix(c1 ? 2 : 1);
      continue;
    }
    out += text.substr(0, n);
    text.remove_prefix(n);
  }
  return out;
}

}  // namespace sluice
