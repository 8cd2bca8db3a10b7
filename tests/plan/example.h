// SPDX-License-Identifier: Apache-2.0
// A small configuration and the next hops of its backends.
#pragma once

#include <netinet/in.h>

#include <string>

#include "plan/compile.h"
#include "plan/desired.h"
#include "plan/plan.h"

namespace sluice::test {

inline IpAddress ip(const std::string& text) {
  return IpAddress::parse(text).value();
}

inline NextHop hop_for(const IpAddress& backend) {
  return {.ifindex = 3,
          .interface = "eth0",
          .source = *MacAddress::parse("02:00:00:00:00:0b"),
          .destination = *MacAddress::parse("02:00:00:00:00:01"),
          .preferred_source = ip(backend.is_v4() ? "203.0.113.2" : "2001:db8:b::2"),
          .mtu = 1500};
}

struct Example {
  Config config;
  NextHops hops;

  Example() {
    config.ring_size = 251;
    config.seed = "seed";
    config.pools["web"].name = "web";
    add("203.0.113.11");
    add("203.0.113.12");
    config.services.push_back(service("shop", {"192.0.2.10", "2001:db8::10"}, {80, 443}));
  }
  void add(const std::string& address, uint32_t weight = 100) {
    config.pools["web"].backends.push_back(
        {.name = address, .address = ip(address), .weight = weight, .forward = {}});
    hops[ip(address)] = hop_for(ip(address));
  }
  void remove(const std::string& address) {
    std::erase_if(config.pools["web"].backends,
                  [&](const Backend& b) { return b.address == ip(address); });
  }
  static Service service(const std::string& name, const std::vector<std::string>& vips,
                         const std::vector<int>& ports) {
    Service s = {.name = name, .vips = {}, .ports = {}, .pool = "web"};
    for (const std::string& v : vips) s.vips.push_back(IpPrefix::parse(v).value());
    for (int p : ports) s.ports.push_back(PortRange::one(uint16_t(p), IPPROTO_TCP));
    return s;
  }
  Image image() const {
    RingCache rings;
    return compile(desire(config, hops), rings);
  }
  Capacity capacity() const { return capacity_for(image(), config.ring_size); }
};

// Applies the example as one plan; aborts where it does not fit.
inline Plan plan_of(const Live& live, const Example& e, const Capacity& c) {
  return make_plan(live, e.image(), c).value();
}

}  // namespace sluice::test
