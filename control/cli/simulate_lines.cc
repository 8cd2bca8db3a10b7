// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "kernel/counters.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kIndex = "INDEX", kVerdict = "VERDICT", kReason = "REASON",
                           kService = "SERVICE", kBackend = "BACKEND", kInterface = "INTERFACE",
                           kNone = "-";

std::string hex(const std::vector<uint8_t>& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 0xf];
  }
  return out;
}

nlohmann::ordered_json name_or_null(std::string_view name) {
  if (name.empty()) return nullptr;
  return std::string(name);
}

std::string cell(std::string_view name) {
  return name.empty() ? std::string(kNone) : printable(name);
}

size_t widest_reason() {
  size_t width = kReason.size();
  for (const ReasonText& r : kDropTexts) width = std::max(width, std::string_view(r.name).size());
  for (const ReasonText& r : kPassTexts) width = std::max(width, std::string_view(r.name).size());
  for (const ReasonText& r : kReplyTexts) width = std::max(width, std::string_view(r.name).size());
  return width;
}

}  // namespace

void print_json_line(uint64_t index, const Fate& fate) {
  const nlohmann::ordered_json line = {{"index", index},
                                       {"verdict", to_string(fate.verdict)},
                                       {"reason", name_or_null(fate.reason)},
                                       {"service", name_or_null(fate.service)},
                                       {"backend", name_or_null(fate.backend)},
                                       {"interface", name_or_null(fate.interface)},
                                       {"packet", hex(fate.packet)}};
  constexpr nlohmann::ordered_json::error_handler_t kReplace =
      nlohmann::ordered_json::error_handler_t::replace;
  fmt::print("{}\n", line.dump(-1, ' ', /*ensure_ascii=*/true, kReplace));
}

FateLines::FateLines(const Config& config)
    : reason_(widest_reason()),
      service_(kService.size()),
      backend_(kBackend.size()),
      interface_(kInterface.size()) {
  for (const Service& s : config.services) service_ = std::max(service_, s.name.size());
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends)
      backend_ = std::max(backend_, name.size() + 1 + b.name.size());
  for (const Interface& i : config.interfaces)
    interface_ = std::max(interface_, printable(i.name).size());
}

void FateLines::print_heading() const {
  fmt::print("{:>7}  {:<8}  {:<{}}  {:<{}}  {:<{}}  {:<{}}  {:>5}\n", kIndex, kVerdict, kReason,
             reason_, kService, service_, kBackend, backend_, kInterface, interface_, "BYTES");
}

void FateLines::print(uint64_t index, const Fate& fate) const {
  fmt::print("{:>7}  {:<8}  {:<{}}  {:<{}}  {:<{}}  {:<{}}  {:>5}\n", index,
             to_string(fate.verdict), cell(fate.reason), reason_, cell(fate.service), service_,
             cell(fate.backend), backend_, cell(fate.interface), interface_, fate.packet.size());
}

}  // namespace sluice::cli
