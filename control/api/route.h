// SPDX-License-Identifier: Apache-2.0
// A row of the tables of routes, and what routes have in common.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "api/routes.h"

namespace sluice::api {

// What a route is asked: the name its path carries, the query and the body.
struct Asked {
  std::string_view name;
  const Query& query;
  std::string_view body;
  Peer peer;
};

inline constexpr size_t kIgnoredBody = 1u << 20;

struct Route {
  std::string_view method;
  std::string_view path;  // one that ends in '/' goes on with a name
  Answer (*answer)(const Handlers&, const Asked&);
  size_t largest_body = kIgnoredBody;
};

// Those of /v1/backends and /v1/nodes.
std::span<const Route> backend_routes();

// The first word of the query that is none of `known`; empty: there is none.
std::string_view unknown_word(const Query& query, std::initializer_list<std::string_view> known);
Answer refuse_word(std::string_view name);

}  // namespace sluice::api
