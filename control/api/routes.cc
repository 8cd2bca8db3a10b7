// SPDX-License-Identifier: Apache-2.0
#include "api/routes.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "api/route.h"

namespace sluice::api {

namespace {

constexpr std::chrono::hours kLongestConfirm(24);
constexpr uint32_t kLargestNumber = 1'000'000;
constexpr size_t kConfigBody = 16u << 20;  // as large as the reader of files takes

Answer get_status(const Handlers& handlers, const Asked&) {
  return {.body = handlers.status()};
}

Answer get_services(const Handlers& handlers, const Asked&) {
  return {.body = handlers.services()};
}

Answer get_service(const Handlers& handlers, const Asked& asked) {
  const std::optional<Service> service = handlers.service(asked.name);
  if (!service) return refuse(404, "there is no service \"" + std::string(asked.name) + "\"");
  return {.body = *service};
}

Answer get_flows(const Handlers& handlers, const Asked& asked) {
  const Result<FlowQuery> query = read_flow_query(asked.query);
  if (!query) return refuse(400, query.error().message);
  const Result<std::optional<FlowList>> flows = handlers.flows(*query);
  if (!flows) return refuse(500, flows.error().message);
  if (!*flows) return refuse(404, "there is no such service or backend");
  return {.body = **flows};
}

Answer done(const Result<void>& result) {
  if (!result) return refuse(500, result.error().message);
  return {.body = nlohmann::json::object()};
}

Answer post_reload(const Handlers& handlers, const Asked&) {
  return done(handlers.reload());
}

Answer post_unload(const Handlers& handlers, const Asked&) {
  return done(handlers.unload());
}

// The document, or 422 with every error in the text.
template <class T>
Answer judged(const Result<Checked<T>>& result) {
  if (!result) return refuse(500, result.error().message);
  if (result->errors.empty()) return {.body = result->document};
  std::string all;
  for (const ConfigError& e : result->errors)
    all += (all.empty() ? "" : "\n") + std::to_string(e.line) + ":" + std::to_string(e.column) +
           ": error: " + e.message;
  Answer refused = refuse(422, all);
  refused.body["errors"] = result->errors;
  return refused;
}

Answer post_config_diff(const Handlers& handlers, const Asked& asked) {
  return judged(handlers.config.diff(asked.body));
}

// A whole number in low..high; `usual` where the query does not say it.
std::optional<uint32_t> number_in(const Query& query, std::string_view name, uint32_t usual,
                                  uint32_t low, uint32_t high) {
  const auto value = query.find(name);
  if (value == query.end()) return usual;
  const std::string& text = value->second;
  uint32_t n = 0;
  const std::from_chars_result r = std::from_chars(text.data(), text.data() + text.size(), n);
  if (r.ec != std::errc() || r.ptr != text.data() + text.size() || n < low || n > high)
    return std::nullopt;
  return n;
}

std::optional<std::chrono::seconds> confirm_of(const Query& query) {
  const auto n =
      number_in(query, "confirm", 0, 1, uint32_t(std::chrono::seconds(kLongestConfirm).count()));
  return n ? std::optional(std::chrono::seconds(*n)) : std::nullopt;
}

Answer post_config_apply(const Handlers& handlers, const Asked& asked) {
  if (const auto word = unknown_word(asked.query, {"confirm"}); !word.empty())
    return refuse_word(word);
  const std::optional<std::chrono::seconds> confirm = confirm_of(asked.query);
  if (!confirm) return refuse_word("confirm");
  return judged(handlers.config.apply(asked.body, *confirm));
}

Answer post_config_confirm(const Handlers& handlers, const Asked&) {
  return done(handlers.config.confirm());
}

Answer post_config_rollback(const Handlers& handlers, const Asked& asked) {
  if (const auto word = unknown_word(asked.query, {"confirm", "to"}); !word.empty())
    return refuse_word(word);
  const std::optional<std::chrono::seconds> confirm = confirm_of(asked.query);
  const std::optional<uint32_t> to = number_in(asked.query, "to", 1, 0, kLargestNumber);
  if (!confirm || !to) return refuse_word(confirm ? "to" : "confirm");
  const Result<ConfigApplied> applied = handlers.config.rollback(*to, *confirm);
  if (!applied) return refuse(500, applied.error().message);
  return {.body = *applied};
}

Answer get_config_history(const Handlers& handlers, const Asked&) {
  return {.body = handlers.config.history()};
}

Answer get_config_text(const Handlers& handlers, const Asked& asked) {
  const Query name = {{"number", std::string(asked.name)}};
  const std::optional<uint32_t> number = number_in(name, "number", 0, 0, kLargestNumber);
  const Result<std::optional<ConfigText>> text =
      number ? handlers.config.show(*number) : std::optional<ConfigText>();
  if (!text) return refuse(500, text.error().message);
  if (!*text)
    return refuse(404, "there is no configuration " + std::string(asked.name) + " in the history");
  return {.body = **text};
}

constexpr Route kRoutes[] = {
    {"GET", "/v1/status", get_status},      //
    {"GET", "/v1/services", get_services},  //
    {"GET", "/v1/services/", get_service},  //
    {"GET", "/v1/flows", get_flows},        //
    {"POST", "/v1/reload", post_reload},    //
    {"POST", "/v1/unload", post_unload},    //
    {"POST", "/v1/config/diff", post_config_diff, kConfigBody},
    {"POST", "/v1/config/apply", post_config_apply, kConfigBody},
    {"POST", "/v1/config/confirm", post_config_confirm},
    {"POST", "/v1/config/rollback", post_config_rollback},
    {"GET", "/v1/config/history", get_config_history},
    {"GET", "/v1/config/history/", get_config_text},
};

// The name that `path` carries if it is one of `route`'s; empty for a route without a name.
std::optional<std::string_view> match(const Route& route, std::string_view path) {
  if (!route.path.ends_with('/'))
    return path == route.path ? std::optional(std::string_view()) : std::nullopt;
  if (!path.starts_with(route.path) || path.size() == route.path.size()) return std::nullopt;
  return path.substr(route.path.size());
}

const Route* find_route(std::string_view method, std::string_view path) {
  for (const std::span<const Route> routes : {std::span<const Route>(kRoutes), backend_routes()})
    for (const Route& route : routes)
      if (route.method == method && match(route, path)) return &route;
  return nullptr;
}

// The methods that `path` knows; empty: there is no such path.
std::string methods_of(std::string_view path) {
  std::string allow;
  for (const std::string_view method : {"GET", "POST"}) {
    if (!find_route(method, path)) continue;
    allow += (allow.empty() ? "" : ", ") + std::string(method);
    if (method == "GET") allow += ", HEAD";
  }
  return allow;
}

}  // namespace

Answer refuse(unsigned status, const std::string& why) {
  return {.status = status, .body = {{"error", why}}};
}

std::string_view unknown_word(const Query& query, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : query)
    if (std::ranges::find(known, name) == known.end()) return name;
  return "";
}

Answer refuse_word(std::string_view name) {
  return refuse(400, "\"" + std::string(name) + "\" is unknown here, or its value is wrong");
}

Answer answer(const Handlers& handlers, const Request& request) {
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  if (const Route* route = find_route(method, request.path))
    return route->answer(handlers,
                         {*match(*route, request.path), request.query, request.body, request.peer});
  std::string allow = methods_of(request.path);
  if (allow.empty())
    return refuse(404, "there is nothing at \"" + std::string(request.path) + "\"");
  Answer refused = refuse(405, std::string(request.path) + " knows " + allow + " only");
  refused.allow = std::move(allow);
  return refused;
}

size_t largest_body(std::string_view method, std::string_view path) {
  const Route* const route = find_route(method, path);
  return route ? route->largest_body : kIgnoredBody;
}

}  // namespace sluice::api
