// SPDX-License-Identifier: Apache-2.0
#include "program/configurations.h"

#include <fmt/format.h>

#include <vector>

namespace sluice::bench {

namespace {

constexpr int kVips = 7, kBackends = 100;
constexpr const char *kVips4 = "192.0.2.", *kVips6 = "2001:db8:a::";
constexpr const char *kBackends4 = "203.0.113.", *kBackends6 = "2001:db8:b::";

std::vector<std::string> numbered(const std::string& beginning, int count) {
  std::vector<std::string> out;
  for (int i = 1; i <= count; i++) out.push_back(fmt::format("\"{}{}\"", beginning, i));
  return out;
}

std::string head(const std::string& forward) {
  return fmt::format(
      "version: 1\n"
      "interfaces:\n"
      "  eth0: {{mode: auto, vlan: keep}}\n"
      "defaults:\n"
      "  seed: the benchmark's\n"
      "  forward: {}\n",
      forward);
}

// Room for every flow of the largest set that is remembered.
constexpr const char* kFlows = "  flows: 1048576\n";

std::string pool_at(const std::string& beginning) {
  std::string out = "  web:\n    backends:\n";
  int i = 0;
  for (const std::string& address : numbered(beginning, kBackends))
    out += fmt::format("      be{}: {{address: {}}}\n", ++i, address);
  return out;
}

std::string web_pool(Family family) {
  return pool_at(family == Family::kV4 ? kBackends4 : kBackends6);
}

std::string web_service(Family family) {
  return fmt::format(
      "  web:\n"
      "    vip: [{}]\n"
      "    ports: [80/tcp, 443/tcp, 443/udp]\n"
      "    pool: web\n",
      fmt::join(numbered(family == Family::kV4 ? kVips4 : kVips6, kVips), ", "));
}

// Each tunnel, both families of backends.
constexpr const char* kOtherPools = R"(
  tunnels:
    backends:
      ipip6: {address: "2001:db8:d::1"}
      gre: {address: 203.0.113.201, forward: {gre: {source: 10.7.0.0/16}}}
      fou: {address: 203.0.113.202, forward: {fou: {port: 5555, port6: 5556}}}
      gue: {address: 203.0.113.203, forward: {gue: {variant: 0}}}
      gue1: {address: "2001:db8:d::4", forward: {gue: {variant: 1, port: 6090, checksum: false}}}
      geneve: {address: "2001:db8:d::5", forward: {geneve: {vni: 100}}}
      l2: {address: 203.0.113.206, forward: l2}
)";

// Prefixes, ranges, any port, any protocol, other hashes, both families.
constexpr const char* kOtherServices = R"(
  prefixes:
    vip: [198.51.100.0/28, "2001:db8:e::/48"]
    ports: [27000-27100/udp, 8000-8999/tcp, any/tcp]
    pool: tunnels
    hash: source
  anything:
    vip: [198.51.100.64, "2001:db8:a::64"]
    ports: [1000-1999/tcp, any/any]
    pool: tunnels
    hash: source+vip
    empty: pass
)";

}  // namespace

const char* vip(Family family) {
  return family == Family::kV4 ? "192.0.2.1" : "2001:db8:a::1";
}

std::string plain_configuration(Family vips, Family backends, const std::string& forward) {
  return head(forward) + "pools:\n" + web_pool(backends) + "services:\n" + web_service(vips);
}

std::string tracking_configuration(const std::string& tracking) {
  return head("ipip") + kFlows + "  tracking: " + tracking + "\npools:\n" + web_pool(Family::kV4) +
         "services:\n" + web_service(Family::kV4);
}

std::string exchanged_configuration() {
  return head("ipip") + kFlows + "  tracking: adaptive\npools:\n" + pool_at("198.51.100.") +
         "services:\n" + web_service(Family::kV4);
}

std::string everything_configuration() {
  return head("ipip") + "pools:\n" + web_pool(Family::kV4) + kOtherPools + "services:\n" +
         web_service(Family::kV4) + kOtherServices;
}

}  // namespace sluice::bench
