// SPDX-License-Identifier: Apache-2.0
// A service with a backend that stays and one that is leaving, and flows of theirs.
#pragma once

#include <netinet/in.h>

#include <cstring>
#include <string>

#include "daemon/flow_list.h"

namespace sluice::test {

inline const IpAddress kStays = *IpAddress::parse("203.0.113.11");
inline const IpAddress kLeaves = *IpAddress::parse("203.0.113.12");
inline constexpr Time kNow{std::chrono::seconds(1000)};

struct FlowExample {
  Config config;
  Live live;
  Leaving leaving;

  FlowExample() {
    config.pools["web"] = {.name = "web", .backends = {{.name = "be1", .address = kStays}}};
    for (const char* name : {"shop", "api"})
      config.services.push_back({.name = name, .vips = {}, .ports = {}, .pool = "web"});
    leaving["shop"] = {{.name = "be2", .address = kLeaves}};
    add_member(1, "shop", kStays);
    add_member(2, "shop", kLeaves);
    add_member(3, "api", kStays);
  }
  FlowKnowledge knowledge() const { return {config, live, leaving}; }

 private:
  // Its incarnation is ten times its number.
  void add_member(uint32_t number, const std::string& service, const IpAddress& backend) {
    sluice_member value = {};
    value.incarnation = number * 10;
    value.life = SLUICE_LIFE_UP;
    live.members[{service, backend, InnerFamily::kV4}] = {number, value};
  }
};

// From 198.51.100.7 to 192.0.2.10:443, last seen two and a half seconds ago.
inline Flow flow(FlowTable table, uint32_t member, uint16_t client_port, uint32_t marks = 0) {
  Flow f = {.table = table, .key = {}, .entry = {}};
  const IpAddress client = *IpAddress::parse("198.51.100.7"), vip = *IpAddress::parse("192.0.2.10");
  std::memcpy(&f.key.src, client.bytes().data(), sizeof(f.key.src));
  std::memcpy(&f.key.dst, vip.bytes().data(), sizeof(f.key.dst));
  f.key.sport = htons(client_port);
  f.key.dport = htons(443);
  f.key.proto = IPPROTO_TCP;
  f.entry.seen = 997'500'000'000;
  f.entry.member = member;
  f.entry.incarnation = member * 10;
  f.entry.marks = marks;
  return f;
}

}  // namespace sluice::test
