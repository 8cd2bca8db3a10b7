// SPDX-License-Identifier: Apache-2.0
#include "api/routes.h"

#include <optional>
#include <utility>
#include <vector>

namespace sluice::api {

namespace {

Answer get_status(const Handlers& handlers, std::string_view) {
  return {.body = handlers.status()};
}

Answer get_services(const Handlers& handlers, std::string_view) {
  return {.body = handlers.services()};
}

Answer get_service(const Handlers& handlers, std::string_view name) {
  const std::optional<Service> service = handlers.service(name);
  if (!service) return refuse(404, "there is no service \"" + std::string(name) + "\"");
  return {.body = *service};
}

Answer done(const Result<void>& result) {
  if (!result) return refuse(500, result.error().message);
  return {.body = nlohmann::json::object()};
}

Answer post_reload(const Handlers& handlers, std::string_view) {
  return done(handlers.reload());
}

Answer post_unload(const Handlers& handlers, std::string_view) {
  return done(handlers.unload());
}

struct Route {
  std::string_view method;
  std::string_view path;  // one that ends in '/' goes on with a name
  Answer (*answer)(const Handlers&, std::string_view name);
};

constexpr Route kRoutes[] = {
    {"GET", "/v1/status", get_status},      //
    {"GET", "/v1/services", get_services},  //
    {"GET", "/v1/services/", get_service},  //
    {"POST", "/v1/reload", post_reload},    //
    {"POST", "/v1/unload", post_unload},
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

Answer answer(const Handlers& handlers, std::string_view method, std::string_view path) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::string allow;
  for (const Route& route : kRoutes) {
    const std::optional<std::string_view> name = match(route, path);
    if (!name) continue;
    if (route.method == wanted) return route.answer(handlers, *name);
    allow += (allow.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") allow += ", HEAD";
  }
  if (allow.empty()) return refuse(404, "there is nothing at \"" + std::string(path) + "\"");
  Answer refused = refuse(405, std::string(path) + " knows " + allow + " only");
  refused.allow = std::move(allow);
  return refused;
}

}  // namespace sluice::api
