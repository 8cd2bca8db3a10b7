// SPDX-License-Identifier: Apache-2.0
#include "api/backend_order.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace sluice::api {

namespace {

using Json = nlohmann::json;
using What = BackendOrder::What;

constexpr size_t kLongestName = 80;  // that of an anonymous pool is longer than names in the file

constexpr struct {
  What what;
  const char* word;
} kWords[] = {{What::kAuto, "auto"},
              {What::kDrain, "drain"},
              {What::kDisable, "disable"},
              {What::kReady, "ready"}};

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return uint8_t(c) < 0x20 || c == 0x7f; });
}

bool read_what(const Json& value, BackendOrder& out) {
  for (const auto& w : kWords) {
    if (value != w.word) continue;
    out.what = w.what;
    return true;
  }
  return false;
}

bool read_lasts(const Json& value, BackendOrder& out) {
  if (!value.is_number_unsigned()) return false;
  const uint64_t seconds = value.get<uint64_t>();
  if (seconds == 0 || seconds > uint64_t(kLongestOverride.count())) return false;
  out.lasts = std::chrono::seconds(seconds);
  return true;
}

bool read_line(const Json& value, size_t longest, std::string& out) {
  if (!value.is_string()) return false;
  out = value.get<std::string>();
  return out.size() <= longest && is_one_line(out);
}

bool read_reason(const Json& value, BackendOrder& out) {
  return read_line(value, kLongestReason, out.reason);
}

bool read_by(const Json& value, BackendOrder& out) {
  return read_line(value, kLongestBy, out.by);
}

constexpr struct {
  std::string_view name;
  bool (*read)(const Json& value, BackendOrder& out);
  const char* wanted;
} kFields[] = {
    {"override", read_what, "\"drain\", \"disable\", \"ready\" or \"auto\""},
    {"for", read_lasts, "a number of seconds, 366 days at most"},
    {"reason", read_reason, "one line of at most 200 bytes"},
    {"by", read_by, "one line of at most 64 bytes"},
};

Result<void> read_field(const std::string& name, const Json& value, BackendOrder& out) {
  for (const auto& field : kFields) {
    if (field.name != name) continue;
    if (!field.read(value, out)) return Error{"\"" + name + "\" must be " + field.wanted};
    return {};
  }
  return Error{"\"" + name + "\" is unknown here"};
}

bool is_name(std::string_view text) {
  const auto of_a_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-' || c == ':';
  };
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, of_a_name);
}

}  // namespace

const char* word_for(What what) {
  for (const auto& w : kWords)
    if (w.what == what) return w.word;
  return "";
}

Result<BackendOrder> read_order(std::string_view body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return Error{"the body is not an object such as {\"override\": \"drain\"}"};
  BackendOrder out;
  for (const auto& [name, value] : json.items())
    if (Result<void> r = read_field(name, value, out); !r) return r.error();
  if (!json.contains("override")) return Error{"\"override\" is missing"};
  if (out.what == What::kAuto && out.lasts.count() != 0)
    return Error{"\"auto\" undoes an override, so \"for\" has no meaning"};
  return out;
}

std::string to_body(const BackendOrder& order) {
  Json out = {{"override", word_for(order.what)}};
  if (order.lasts.count() != 0) out["for"] = uint64_t(order.lasts.count());
  if (!order.reason.empty()) out["reason"] = order.reason;
  if (!order.by.empty()) out["by"] = order.by;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<BackendName> read_backend_name(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash != text.npos && is_name(text.substr(0, slash)) && is_name(text.substr(slash + 1)))
    return BackendName{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  return Error{"\"" + std::string(text) + "\" is not POOL/BACKEND, such as web/be1"};
}

}  // namespace sluice::api
