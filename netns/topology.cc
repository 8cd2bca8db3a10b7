// SPDX-License-Identifier: Apache-2.0
#include "netns/topology.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::netns {
namespace {

constexpr unsigned kClientMtu = 1500;
constexpr char kSegment[] = "segment";  // the switch, in the router

// Also numbers of MAC addresses.
enum LinkNumber : unsigned {
  kSwitch,
  kClientLink,
  kBalancerLink,
  kInsideLink,
  kFirstBackendLink,
};

Site balancer_site(bool one_segment) {
  return {.v4 = kBalancer4,
          .v6 = kBalancer6,
          .router_v4 = "203.0.113.1",
          .router_v6 = "2001:db8:b::1",
          .length_v4 = one_segment ? "/24" : "/30"};
}

Site backend_site(unsigned number, bool one_segment) {
  Site site = balancer_site(one_segment);
  site.v4 = fmt::format("203.0.113.{}", 4 * number + 2);
  site.v6 = fmt::format("2001:db8:b::{}:2", number);
  if (one_segment) return site;
  site.v6 = fmt::format("2001:db8:e:{}::2", number);
  site.router_v4 = fmt::format("203.0.113.{}", 4 * number + 1);
  site.router_v6 = fmt::format("2001:db8:e:{}::1", number);
  return site;
}

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
  if (Result<void> r = topology->make_client_link(); !r) return r.error();
  if (Result<void> r = topology->make_segment(); !r) return r.error();
  if (Result<void> r = topology->attach_balancer(); !r) return r.error();
  if (options.shape == Shape::kTwoLinks)
    if (Result<void> r = topology->attach_inside(); !r) return r.error();
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

Result<void> Topology::make_client_link() {
  Result<std::unique_ptr<Link>> link =
      Link::connect({.host = client_.get(),
                     .device = kDevice,
                     .addresses = {"198.51.100.1/24", "2001:db8:c::1/64"}},
                    {.host = router_.get(),
                     .device = "client",
                     .addresses = {"198.51.100.254/24", "2001:db8:c::fe/64"}},
                    {.number = kClientLink, .mtu = kClientMtu});
  if (!link) return link.error();
  client_link_ = std::move(*link);
  return default_routes(*client_, "198.51.100.254", "2001:db8:c::fe");
}

Result<void> Topology::make_segment() {
  if (!one_segment()) return {};
  const Site site = balancer_site(/*one_segment=*/true);
  Netlink& router = router_->netlink();
  // A MAC address of its own: else it would change with the devices plugged in.
  const VethEnd bridge = {.device = kSegment, .mac = Link::mac(kSwitch, 1)};
  if (Result<void> r = router.add_bridge(bridge, options_.inner_mtu); !r) return r;
  if (Result<void> r = router.set_up(kSegment); !r) return r;
  if (Result<void> r = router.add_address(kSegment, site.router_v4 + site.length_v4); !r) return r;
  return router.add_address(kSegment, site.router_v6 + "/64");
}

// The router's end is named like the host.
Result<std::unique_ptr<Link>> Topology::attach(Host& host, const Site& site,
                                               const LinkOptions& options, bool xdp_pass) {
  LinkEnd router = {
      .host = router_.get(), .device = host.name(), .addresses = {}, .xdp_pass = xdp_pass};
  if (!one_segment()) router.addresses = {site.router_v4 + site.length_v4, site.router_v6 + "/64"};
  Result<std::unique_ptr<Link>> link = Link::connect(
      {.host = &host, .device = kDevice, .addresses = {site.v4 + site.length_v4, site.v6 + "/64"}},
      router, options);
  if (!link) return link;
  if (one_segment())
    if (Result<void> r = router_->netlink().plug(router.device, kSegment); !r) return r.error();
  if (Result<void> r = default_routes(host, site.router_v4, site.router_v6); !r) return r.error();
  return link;
}

Result<void> Topology::attach_balancer() {
  Result<std::unique_ptr<Link>> link =
      attach(*balancer_, balancer_site(one_segment()),
             {.number = kBalancerLink, .mtu = options_.inner_mtu}, /*xdp_pass=*/true);
  if (!link) return link.error();
  balancer_link_ = std::move(*link);
  return {};
}

Result<void> Topology::attach_inside() {
  const std::string router4 = "203.0.113.249", router6 = "2001:db8:b:1::1";
  Result<std::unique_ptr<Link>> link =
      Link::connect({.host = balancer_.get(),
                     .device = kInsideDevice,
                     .addresses = {std::string(kInside4) + "/30", std::string(kInside6) + "/64"}},
                    {.host = router_.get(),
                     .device = "inside",
                     .addresses = {router4 + "/30", router6 + "/64"},
                     .xdp_pass = true},
                    {.number = kInsideLink, .mtu = options_.inner_mtu});
  if (!link) return link.error();
  inside_link_ = std::move(*link);
  if (Result<void> r = balancer_->netlink().add_route("203.0.113.0/24", router4); !r) return r;
  return balancer_->netlink().add_route("2001:db8:e::/48", router6);
}

Result<void> Topology::add_backend(const Lab& lab, unsigned number) {
  const Site site = backend_site(number, one_segment());
  BackendHost backend = {.name = fmt::format("be{}", number), .v4 = site.v4, .v6 = site.v6};
  Result<std::unique_ptr<Host>> host = Host::create(lab, backend.name);
  if (!host) return host.error();
  backend.host = std::move(*host);
  Result<std::unique_ptr<Link>> link = attach(
      *backend.host, site, {.number = kFirstBackendLink + number - 1, .mtu = options_.inner_mtu});
  if (!link) return link.error();
  backend.link = std::move(*link);
  for (const std::string& vip : options_.vips) {
    const char* length = vip.find(':') == vip.npos ? "/32" : "/128";
    if (Result<void> r = backend.host->netlink().add_address("lo", vip + length); !r) return r;
  }
  Result<std::unique_ptr<HttpServer>> server =
      HttpServer::start(*backend.host, backend.name, options_.http_port);
  if (!server) return server.error();
  backend.server = std::move(*server);
  backends_.push_back(std::move(backend));
  return {};
}

Result<void> Topology::make_routes() {
  if (Result<void> r = router_->netlink().add_route("192.0.2.0/24", kBalancer4); !r) return r;
  return router_->netlink().add_route("2001:db8::/64", kBalancer6);
}

std::vector<Host*> Topology::hosts() {
  std::vector<Host*> all = {client_.get(), router_.get(), balancer_.get()};
  for (BackendHost& backend : backends_) all.push_back(backend.host.get());
  return all;
}

void Topology::unplug(const std::string& device) {
  (device == kDevice ? balancer_link_ : inside_link_).reset();
}

Result<void> Topology::plug(const std::string& device) {
  if (device != kDevice) return attach_inside();
  if (Result<void> r = attach_balancer(); !r) return r;
  return make_routes();
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
