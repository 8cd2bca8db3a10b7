// SPDX-License-Identifier: Apache-2.0
// Compiled port ranges, read back the way the data plane reads them.
#include "plan/port_pages.h"

#include <gtest/gtest.h>

#include <random>

#include "plan/example.h"

namespace sluice::test {
namespace {

// The place of the port's service in the table of range services, or nothing.
std::optional<uint32_t> look_up(const PortTables& t, const VipPorts& vip, uint32_t port) {
  const auto root = t.roots.find(vip);
  if (root == t.roots.end()) return std::nullopt;
  uint32_t entry = t.pages.at(root->second).entry[port >> 8];
  if (entry & SLUICE_PORTS_LEAF)
    entry = t.pages.at(entry - SLUICE_PORTS_LEAF).entry[port % SLUICE_PORTS_IN_PAGE];
  if (entry == 0) return std::nullopt;
  return entry - 1;
}

Example without_services() {
  Example e;
  e.config.services.clear();
  return e;
}

void add_service(Example& e, const std::string& name, const std::vector<std::string>& vips,
                 const std::vector<PortRange>& ports) {
  e.config.services.push_back(Example::service(name, vips, {}));
  e.config.services.back().ports = ports;
}

// A division of all ports into ranges of random lengths, some of which nobody has.
std::vector<PortRange> random_ranges(std::mt19937& random, uint8_t protocol) {
  std::vector<PortRange> ranges;
  for (uint32_t from = random() % 300; from < 0xffff;) {
    const uint32_t length = 2 + random() % (random() % 4 ? 20 : 3000);
    const uint32_t to = std::min<uint32_t>(from + length - 1, 0xffff);
    if (to > from && random() % 3) ranges.push_back({uint16_t(from), uint16_t(to), protocol});
    from = to + 1;
  }
  return ranges;
}

TEST(PortPages, EveryPortIsFoundInItsRangeAndNoOther) {
  for (uint32_t seed = 0; seed < 20; seed++) {
    std::mt19937 random(seed);
    Example e = without_services();
    const std::vector<PortRange> tcp = random_ranges(random, IPPROTO_TCP),
                                 udp = random_ranges(random, IPPROTO_UDP);
    for (size_t i = 0; i < tcp.size(); i++)
      add_service(e, "t" + std::to_string(1000 + i), {"192.0.2.10", "2001:db8::10"}, {tcp[i]});
    for (size_t i = 0; i < udp.size(); i++)
      add_service(e, "u" + std::to_string(1000 + i), {"192.0.2.10"}, {udp[i]});
    const Image image = e.image();
    const PortTables t = compile_ports(image);
    for (const VipPorts& vip : {VipPorts{*IpPrefix::parse("192.0.2.10"), IPPROTO_TCP},
                                VipPorts{*IpPrefix::parse("2001:db8::10"), IPPROTO_TCP},
                                VipPorts{*IpPrefix::parse("192.0.2.10"), IPPROTO_UDP}})
      for (uint32_t port = 0; port <= 0xffff; port++) {
        const PortRange* wanted = nullptr;
        for (const PortRange& r : vip.protocol == IPPROTO_TCP ? tcp : udp)
          if (r.first <= port && port <= r.last) wanted = &r;
        const std::optional<uint32_t> found = look_up(t, vip, port);
        ASSERT_EQ(found.has_value(), wanted != nullptr) << "seed " << seed << ", port " << port;
        if (!found) continue;
        const RangeService& s = t.services.at(*found);
        EXPECT_EQ(image.services.at(s.service).frontends.at(0).ports, *wanted);
        EXPECT_EQ(s.family, vip.vip.address.is_v4() ? InnerFamily::kV4 : InnerFamily::kV6);
      }
  }
}

TEST(PortPages, VipsOfAServiceShareThem) {
  Example e = without_services();
  std::vector<std::string> vips;
  for (int i = 1; i < 200; i++) vips.push_back("192.0.2." + std::to_string(i));
  add_service(e, "games", vips, {{27000, 27100, IPPROTO_UDP}, {27000, 27100, IPPROTO_TCP}});
  const PortTables t = compile_ports(e.image());
  EXPECT_EQ(t.roots.size(), 2 * vips.size());
  EXPECT_EQ(t.services.size(), 1u);
  EXPECT_EQ(t.pages.size(), 2u + 1u) << "none, a root and a leaf: all ports have one high byte";
}

TEST(PortPages, WholeHighBytesNeedNoLeaf) {
  Example e = without_services();
  add_service(e, "s", {"192.0.2.10"}, {{0x100, 0xffff, IPPROTO_TCP}});
  EXPECT_EQ(compile_ports(e.image()).pages.size(), 2u) << "none and the root";
}

TEST(PortPages, ASinglePortAndAnyPortAreNoRanges) {
  Example e = without_services();
  add_service(e, "s", {"192.0.2.10"},
              {PortRange::one(80, IPPROTO_TCP), PortRange::any(IPPROTO_TCP), PortRange::any(0)});
  const PortTables t = compile_ports(e.image());
  EXPECT_TRUE(t.roots.empty());
  EXPECT_TRUE(t.services.empty());
}

}  // namespace
}  // namespace sluice::test
