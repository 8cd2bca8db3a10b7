// SPDX-License-Identifier: Apache-2.0
#include "api/routes.h"

#include <optional>
#include <utility>
#include <vector>

namespace sluice::api {

namespace {

// What a route is asked: the name its path carries, and the query.
struct Asked {
  std::string_view name;
  const Query& query;
  std::string_view body;
};

constexpr size_t kIgnoredBody = 1u << 20;
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

struct Route {
  std::string_view method;
  std::string_view path;  // one that ends in '/' goes on with a name
  Answer (*answer)(const Handlers&, const Asked&);
  size_t largest_body = kIgnoredBody;
};

constexpr Route kRoutes[] = {
    {"GET", "/v1/status", get_status},      //
    {"GET", "/v1/services", get_services},  //
    {"GET", "/v1/services/", get_service},  //
    {"GET", "/v1/flows", get_flows},        //
    {"POST", "/v1/reload", post_reload},    //
    {"POST", "/v1/unload", post_unload},    //
    {"POST", "/v1/config/diff", post_config_diff, kConfigBody},
};

// The name that `path` carries if it is one of `route`'s; empty for a route without a name.
std::optional<std::string_view> match(const Route& route, std::string_view path) {
  if (!route.path.ends_with('/'))
    return path == route.path ? std::optional(std::string_view()) : std::nullopt;
  if (!path.starts_with(route.path) || path.size() == route.path.size()) return std::nullopt;
  return path.substr(route.path.size());
}

}  // namespace

Answer refuse(unsigned status, const std::string& why) {
  return {.status = status, .body = {{"error", why}}};
}

Answer answer(const Handlers& handlers, std::string_view method, std::string_view path,
              const Query& query, std::string_view body) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::string allow;
  for (const Route& route : kRoutes) {
    const std::optional<std::string_view> name = match(route, path);
    if (!name) continue;
    if (route.method == wanted) return route.answer(handlers, {*name, query, body});
    allow += (allow.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") allow += ", HEAD";
  }
  if (allow.empty()) return refuse(404, "there is nothing at \"" + std::string(path) + "\"");
  Answer refused = refuse(405, std::string(path) + " knows " + allow + " only");
  refused.allow = std::move(allow);
  return refused;
}

size_t largest_body(std::string_view method, std::string_view path) {
  for (const Route& route : kRoutes)
    if (route.method == method && match(route, path)) return route.largest_body;
  return kIgnoredBody;
}

}  // namespace sluice::api
