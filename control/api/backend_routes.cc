// SPDX-License-Identifier: Apache-2.0
// The routes of backends and of nodes, which are all backends of one address.
#include <utility>

#include "api/route.h"

namespace sluice::api {

namespace {

constexpr size_t kOrderBody = 4u << 10;

Answer no_backend(std::string_view name) {
  return refuse(404, "there is no backend \"" + std::string(name) + "\"");
}

Answer no_node(const IpAddress& address) {
  return refuse(404, "no backend has the address " + address.to_string());
}

Answer no_address(std::string_view text) {
  return refuse(400, "\"" + std::string(text) + "\" is not an address");
}

Answer get_backends(const Handlers& handlers, const Asked& asked) {
  if (const auto word = unknown_word(asked.query, {"pool"}); !word.empty())
    return refuse_word(word);
  const auto pool = asked.query.find("pool");
  if (pool != asked.query.end() && pool->second.empty()) return refuse_word("pool");
  const std::string name = pool == asked.query.end() ? "" : pool->second;
  const std::optional<BackendList> list = handlers.backends.list(name);
  if (!list) return refuse(404, "there is no pool \"" + name + "\"");
  return {.body = *list};
}

Answer get_backend(const Handlers& handlers, const Asked& asked) {
  const Result<BackendName> name = read_backend_name(asked.name);
  if (!name) return refuse(400, name.error().message);
  const std::optional<PoolBackend> backend = handlers.backends.show(*name);
  if (!backend) return no_backend(asked.name);
  return {.body = *backend};
}

Answer get_node(const Handlers& handlers, const Asked& asked) {
  const std::optional<IpAddress> address = IpAddress::parse(asked.name);
  if (!address) return no_address(asked.name);
  const std::vector<PoolBackend> backends = handlers.backends.node(*address);
  if (backends.empty()) return no_node(*address);
  return {.body = backends};
}

// What the kernel says is certain; what the one who asks says of himself is a help: behind "uid 0"
// there may be anybody.
std::string by_of(const std::string& said, const Peer& peer) {
  const std::string uid = peer.uid ? "uid " + std::to_string(*peer.uid) : "an unknown peer";
  return said.empty() ? uid : said + " (" + uid + ")";
}

Answer put(const Handlers& handlers, const Asked& asked, const Overridable& whom) {
  if (const auto word = unknown_word(asked.query, {}); !word.empty()) return refuse_word(word);
  Result<BackendOrder> order = read_order(asked.body);
  if (!order) return refuse(400, order.error().message);
  order->by = by_of(order->by, asked.peer);
  const tl::expected<Overridden, Refusal> done = handlers.backends.put(whom, *order);
  if (!done) return refuse(done.error().status, done.error().why);
  return {.body = *done};
}

Answer post_backend(const Handlers& handlers, const Asked& asked) {
  const Result<BackendName> name = read_backend_name(asked.name);
  if (!name) return refuse(400, name.error().message);
  return put(handlers, asked, *name);
}

Answer post_node(const Handlers& handlers, const Asked& asked) {
  const std::optional<IpAddress> address = IpAddress::parse(asked.name);
  if (!address) return no_address(asked.name);
  return put(handlers, asked, *address);
}

constexpr Route kRoutes[] = {
    {"GET", "/v1/backends", get_backends},                //
    {"GET", "/v1/backends/", get_backend},                //
    {"POST", "/v1/backends/", post_backend, kOrderBody},  //
    {"GET", "/v1/nodes/", get_node},                      //
    {"POST", "/v1/nodes/", post_node, kOrderBody},
};

}  // namespace

std::span<const Route> backend_routes() {
  return kRoutes;
}

}  // namespace sluice::api
