// SPDX-License-Identifier: Apache-2.0
#include "api/flow_query.h"

#include <charconv>

namespace sluice::api {

namespace {

using Read = bool (*)(const std::string& value, FlowQuery& out);

std::optional<uint32_t> parse_number(std::string_view text) {
  uint32_t n = 0;
  const char* const end = text.data() + text.size();
  const std::from_chars_result r = std::from_chars(text.data(), end, n);
  return r.ec == std::errc() && r.ptr == end ? std::optional(n) : std::nullopt;
}

bool read_limit(const std::string& value, FlowQuery& out) {
  const std::optional<uint32_t> limit = parse_number(value);
  out.limit = limit.value_or(0);
  return limit.has_value();
}

bool read_after(const std::string& value, FlowQuery& out) {
  const size_t dash = value.find('-');
  const std::optional<uint32_t> table = parse_number(value.substr(0, dash));
  out.after = {.table = table.value_or(0)};
  if (dash == value.npos) return table.has_value();
  out.after.position = parse_number(value.substr(dash + 1));
  return table && out.after.position;
}

const struct {
  std::string_view name;
  Read read;
} kWords[] = {
    {"service", [](const std::string& v, FlowQuery& out) { return !(out.service = v).empty(); }},
    {"backend", [](const std::string& v, FlowQuery& out) { return !(out.backend = v).empty(); }},
    {"vip", [](const std::string& v,
               FlowQuery& out) { return (out.vip = IpPrefix::parse(v)).has_value(); }},
    {"client", [](const std::string& v,
                  FlowQuery& out) { return (out.client = IpPrefix::parse(v)).has_value(); }},
    {"limit", read_limit},
    {"after", read_after},
};

Read reader_of(std::string_view name) {
  for (const auto& word : kWords)
    if (word.name == name) return word.read;
  return nullptr;
}

}  // namespace

std::string to_string(const FlowPlace& place) {
  const std::string table = std::to_string(place.table);
  return place.position ? table + "-" + std::to_string(*place.position) : table;
}

Result<FlowQuery> read_flow_query(const Query& query) {
  FlowQuery out;
  for (const auto& [name, value] : query) {
    const Read read = reader_of(name);
    if (!read) return Error{"flows cannot be asked for by \"" + name + "\""};
    if (!read(value, out)) return Error{"\"" + value + "\" is no value for \"" + name + "\""};
  }
  return out;
}

}  // namespace sluice::api
