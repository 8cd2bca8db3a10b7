// SPDX-License-Identifier: Apache-2.0
#include "netns/topology.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::netns {
namespace {

constexpr unsigned kOuterMtu = 1500;  // towards the client
constexpr unsigned kInnerMtu = 1600;  // a full packet of the client's and an outer header

enum LinkNumber : unsigned { kClientLink = 1, kBalancerLink = 2, kFirstBackendLink = 3 };

Result<void> default_routes(Host& host, const std::string& v4, const std::string& v6) {
  if (Result<void> r = host.netlink().add_route("0.0.0.0/0", v4); !r) return r;
  return host.netlink().add_route("::/0", v6);
}

}  // namespace

std::string url(const std::string& address, const std::string& path) {
  const bool v6 = address.find(':') != address.npos;
  return v6 ? "http://[" + address + "]" + path : "http://" + address + path;
}

Result<std::unique_ptr<Topology>> Topology::create(const Lab& lab, const Options& options) {
  std::unique_ptr<Topology> topology(new Topology(options));
  if (Result<void> r = topology->make_hosts(lab); !r) return r.error();
  if (Result<void> r = topology->make_core_links(); !r) return r.error();
  for (unsigned number = 1; number <= options.backends; number++)
    if (Result<void> r = topology->add_backend(lab, number); !r) return r.error();
  if (Result<void> r = topology->make_routes(); !r) return r.error();
  if (Result<void> r = topology->settle(); !r) return r.error();
  return topology;
}

Result<void> Topology::make_hosts(const Lab& lab) {
  for (auto [member, name] : {std::pair(&client_, "client"), std::pair(&router_, "router"),
                              std::pair(&balancer_, "balancer")}) {
    Result<std::unique_ptr<Host>> host = Host::create(lab, name);
    if (!host) return host.error();
    *member = std::move(*host);
  }
  return router_->forward();
}

Result<void> Topology::make_core_links() {
  Result<std::unique_ptr<Link>> link =
      Link::connect({.host = client_.get(),
                     .device = kDevice,
                     .addresses = {"198.51.100.1/24", "2001:db8:c::1/64"}},
                    {.host = router_.get(),
                     .device = "client",
                     .addresses = {"198.51.100.254/24", "2001:db8:c::fe/64"}},
                    {.number = kClientLink, .mtu = kOuterMtu});
  if (!link) return link.error();
  client_link_ = std::move(*link);
  link = Link::connect({.host = balancer_.get(),
                        .device = kDevice,
                        .addresses = {"203.0.113.2/30", "2001:db8:b::2/64"}},
                       {.host = router_.get(),
                        .device = "balancer",
                        .addresses = {"203.0.113.1/30", "2001:db8:b::1/64"},
                        .xdp_pass = true},
                       {.number = kBalancerLink, .mtu = kInnerMtu});
  if (!link) return link.error();
  balancer_link_ = std::move(*link);
  return {};
}

Result<void> Topology::add_backend(const Lab& lab, unsigned number) {
  BackendHost backend = {.name = fmt::format("be{}", number),
                         .v4 = fmt::format("203.0.113.{}", 4 * number + 2),
                         .v6 = fmt::format("2001:db8:e:{}::2", number)};
  Result<std::unique_ptr<Host>> host = Host::create(lab, backend.name);
  if (!host) return host.error();
  backend.host = std::move(*host);
  const std::string router4 = fmt::format("203.0.113.{}", 4 * number + 1);
  const std::string router6 = fmt::format("2001:db8:e:{}::1", number);
  Result<std::unique_ptr<Link>> link =
      Link::connect({.host = backend.host.get(),
                     .device = kDevice,
                     .addresses = {backend.v4 + "/30", backend.v6 + "/64"}},
                    {.host = router_.get(),
                     .device = backend.name,
                     .addresses = {router4 + "/30", router6 + "/64"}},
                    {.number = kFirstBackendLink + number - 1, .mtu = kInnerMtu});
  if (!link) return link.error();
  backend.link = std::move(*link);
  for (const std::string& vip : options_.vips) {
    const char* length = vip.find(':') == vip.npos ? "/32" : "/128";
    if (Result<void> r = backend.host->netlink().add_address("lo", vip + length); !r) return r;
  }
  if (Result<void> r = default_routes(*backend.host, router4, router6); !r) return r;
  Result<std::unique_ptr<HttpServer>> server =
      HttpServer::start(*backend.host, backend.name, options_.http_port);
  if (!server) return server.error();
  backend.server = std::move(*server);
  backends_.push_back(std::move(backend));
  return {};
}

Result<void> Topology::make_routes() {
  if (Result<void> r = default_routes(*client_, "198.51.100.254", "2001:db8:c::fe"); !r) return r;
  if (Result<void> r = default_routes(*balancer_, "203.0.113.1", "2001:db8:b::1"); !r) return r;
  if (Result<void> r = router_->netlink().add_route("192.0.2.0/24", kBalancer4); !r) return r;
  return router_->netlink().add_route("2001:db8::/64", kBalancer6);
}

std::vector<Host*> Topology::hosts() {
  std::vector<Host*> all = {client_.get(), router_.get(), balancer_.get()};
  for (BackendHost& backend : backends_) all.push_back(backend.host.get());
  return all;
}

Result<void> Topology::settle() {
  for (Host* host : hosts()) {
    Result<bool> settled = false;
    Result<void> waited = wait_until(
        [&] {
          settled = host->netlink().settled();
          return !settled || *settled;
        },
        milliseconds(3000), "the links of " + host->name());
    if (!waited) return waited;
    if (!settled) return settled.error();
  }
  return {};
}

}  // namespace sluice::netns
