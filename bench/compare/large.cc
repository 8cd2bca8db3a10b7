// SPDX-License-Identifier: Apache-2.0
#include "compare/large.h"

#include <fmt/format.h>
#include <linux/bpf.h>
#include <netinet/in.h>

#include <algorithm>
#include <iterator>

namespace sluice::bench {

namespace {

constexpr unsigned kFewBackends = 10;
constexpr char kOneVip[] = "192.0.2.1";
constexpr uint32_t kVips = 172u << 24 | 16u << 16;      // 172.16.0.0/12
constexpr uint32_t kPrefixes = 100u << 24 | 64u << 16;  // 100.64.0.0/10
constexpr uint32_t kPrefixBits = 28, kPrefixSize = 16;
constexpr uint32_t kLeastRoom = 1024;

std::string address(uint32_t a) {
  return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

std::string file(unsigned backends, const std::string& defaults, const std::string& services) {
  std::string pool;
  for (unsigned b = 1; b <= backends; b++)
    fmt::format_to(std::back_inserter(pool), "      be{}: {{address: 10.0.{}.{}}}\n", b, b / 256,
                   b % 256);
  return fmt::format(
      "version: 1\ninterfaces:\n  eth0: {{mode: native}}\n"
      "defaults:\n  forward: ipip\n  seed: the benchmark's\n{}"
      "pools:\n  pool:\n    backends:\n{}services:\n{}",
      defaults, pool, services);
}

std::string service(const std::string& name, const std::string& vips) {
  return fmt::format("  {}: {{vip: [{}], ports: 80/tcp, pool: pool}}\n", name, vips);
}

Scenario scenario(const std::string& name, const std::string& yaml, const std::string& to) {
  constexpr uint32_t kIpHeader = 20;
  return {.name = name,
          .summary = "",
          .yaml = yaml,
          .packet = {.destination = to},
          .outcome = {.action = XDP_TX,
                      .growth = kIpHeader,
                      .outer_family = 4,
                      .outer_protocol = IPPROTO_IPIP},
          .orders = {k128kFlows}};
}

}  // namespace

Scenario many_services(unsigned count) {
  std::string services;
  for (unsigned s = 0; s < count; s++)
    services += service(fmt::format("service{}", s), address(kVips + s));
  return scenario("services", file(kFewBackends, "", services), address(kVips + count / 2));
}

Scenario many_backends(unsigned count) {
  return scenario("backends", file(count, "", service("service", kOneVip)), kOneVip);
}

Scenario many_prefixes(unsigned count) {
  const auto first = [](unsigned p) { return address(kPrefixes + p * kPrefixSize); };
  std::string vips = fmt::format("{}/{}", first(0), kPrefixBits);
  for (unsigned p = 1; p < count; p++) vips += fmt::format(", {}/{}", first(p), kPrefixBits);
  return scenario("prefixes", file(kFewBackends, "", service("service", vips)), first(count / 2));
}

Scenario many_flows(uint32_t flows, const std::string& tracking, uint32_t room) {
  const std::string defaults =
      fmt::format("  tracking: {}\n  flows: {}\n", tracking, std::max(room, kLeastRoom));
  Scenario s =
      scenario("flows", file(kFewBackends, defaults, service("service", kOneVip)), kOneVip);
  s.orders = {{.kind = flows == 1 ? OrderKind::kFixed : OrderKind::kFlows, .flows = flows}};
  s.begins = true;
  return s;
}

}  // namespace sluice::bench
