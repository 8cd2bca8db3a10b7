// SPDX-License-Identifier: Apache-2.0
// The standard lab: client - router - { balancer, be1 .. beN }.
//
//   client    eth0      198.51.100.1/24   2001:db8:c::1/64
//   balancer  eth0      203.0.113.2/30    2001:db8:b::2/64
//   beI       eth0      203.0.113.(4I+2)  2001:db8:e:I::2/64, and the VIPs on lo
//   router    client, balancer, be1 ..    the other address of each
//
// 192.0.2.0/24 and 2001:db8::/64, where VIPs are from, are routed to the balancer. Backends answer
// the client through the router: direct server return. Unless asked otherwise, links behind the
// router have room for an outer header. The router's end towards the balancer has XDP_PASS, so
// XDP_TX there is delivered; the balancer has to find out the router's MAC address by itself.
//
// With Shape::kOneSegment, balancer and backends are on one Ethernet, a switch in the router:
//
//   balancer  eth0      203.0.113.2/24       2001:db8:b::2/64
//   beI       eth0      203.0.113.(4I+2)/24  2001:db8:b::I:2/64
//   router    segment   203.0.113.1/24       2001:db8:b::1/64
//
// With Shape::kTwoLinks, the balancer reaches backends by a second link to the router:
//
//   balancer  eth1      203.0.113.250/30     2001:db8:b:1::2/64
//   router    inside    203.0.113.249/30     2001:db8:b:1::1/64
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "netns/host.h"
#include "netns/http_server.h"
#include "netns/lab.h"
#include "netns/link.h"
#include "netns/wait.h"

namespace sluice::netns {

inline constexpr char kDevice[] = "eth0";  // of every host but the router
inline constexpr char kVip4[] = "192.0.2.10";
inline constexpr char kVip6[] = "2001:db8::10";
inline constexpr char kClient4[] = "198.51.100.1";
inline constexpr char kClient6[] = "2001:db8:c::1";
inline constexpr char kBalancer4[] = "203.0.113.2";
inline constexpr char kBalancer6[] = "2001:db8:b::2";
// The balancer's second link.
inline constexpr char kInsideDevice[] = "eth1";
inline constexpr char kInside4[] = "203.0.113.250";
inline constexpr char kInside6[] = "2001:db8:b:1::2";

// "http://192.0.2.10/", "http://[2001:db8::10]/"
std::string url(const std::string& address, const std::string& path = "/");

struct BackendHost {
  std::string name, v4, v6;
  std::unique_ptr<Host> host;
  std::unique_ptr<Link> link;
  std::unique_ptr<HttpServer> server;
};

// Where a host is attached to the router.
struct Site {
  std::string v4, v6;                // the host's addresses
  std::string router_v4, router_v6;  // the router's on the same network
  const char* length_v4 = "/30";
};

enum class Shape {
  kRouted,      // everybody on a network of their own
  kOneSegment,  // backends on the balancer's own Ethernet, as L2 forwarding needs them
  kTwoLinks,    // the balancer's way to backends is not the one clients come by
};

struct TopologyOptions {
  unsigned backends = 3;  // at most 61
  std::vector<std::string> vips = {kVip4, kVip6};
  unsigned inner_mtu =
      1600;  // of the links behind the router; 1500 leaves path MTU discovery to do
  Shape shape = Shape::kRouted;
  uint16_t http_port = 80;  // where each backend's web server answers with the backend's name
};

class Topology {
 public:
  using Options = TopologyOptions;
  // `lab` must outlive it. Returns when every link runs.
  static Result<std::unique_ptr<Topology>> create(const Lab& lab, const Options& options = {});

  Host& client() { return *client_; }
  Host& router() { return *router_; }
  Host& balancer() { return *balancer_; }
  std::vector<BackendHost>& backends() { return backends_; }
  BackendHost& backend(size_t number) { return backends_.at(number - 1); }  // 1 is be1
  const Options& options() const { return options_; }
  std::vector<Host*> hosts();

  // Takes one of the balancer's links away with both its devices, as when a driver is unloaded ...
  void unplug(const std::string& device);
  // ... and makes a new one in its place: other devices, under the same names and addresses.
  Result<void> plug(const std::string& device);

 private:
  explicit Topology(const Options& options) : options_(options) {}
  Result<void> make_hosts(const Lab& lab);
  Result<void> make_client_link();
  Result<void> make_segment();
  bool one_segment() const { return options_.shape == Shape::kOneSegment; }
  Result<std::unique_ptr<Link>> attach(Host& host, const Site& site, const LinkOptions& options,
                                       bool xdp_pass = false);
  Result<void> attach_balancer();
  Result<void> attach_inside();
  Result<void> add_backend(const Lab& lab, unsigned number);
  Result<void> make_routes();
  Result<void> settle();

  Options options_;
  // Links and servers after their hosts: members go in reverse order.
  std::unique_ptr<Host> client_, router_, balancer_;
  std::unique_ptr<Link> client_link_, balancer_link_, inside_link_;
  std::vector<BackendHost> backends_;
};

}  // namespace sluice::netns
