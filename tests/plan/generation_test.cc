// SPDX-License-Identifier: Apache-2.0
// The compiled VIP and service tables, read back the way the data plane reads them.
#include "plan/generation.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

#include "abi/perfect_hash.h"
#include "abi/source_filter.h"
#include "plan/example.h"

namespace sluice::test {
namespace {

template <class T>
const T* at(const GenerationBytes& bytes, uint32_t offset, uint32_t index) {
  return reinterpret_cast<const T*>(bytes.data() + offset) + index;
}

bool is_vip(const GenerationBytes& g, const sluice_shape& s, const IpAddress& address) {
  const auto* header = at<sluice_generation>(g, 0, 0);
  const sluice_addr a = to_abi(address);
  const uint64_t hash = sluice_vip_hash(&a, header->vip_seed);
  const uint32_t d = *at<uint32_t>(g, sluice_vip_displacements_at(s),
                                   sluice_bucket_of(hash, s.vips / SLUICE_BUCKET - 1));
  const auto* vip = at<sluice_vip>(g, sluice_vips_at(s), sluice_place_of(hash, d, s.vips - 1));
  const sluice_addr nobody = {};
  const bool is_free = std::memcmp(&vip->services.name, &nobody, sizeof(nobody)) == 0;
  return !is_free && std::memcmp(&vip->addr, &a, sizeof(a)) == 0;
}

const sluice_service* service_at(const GenerationBytes& g, const sluice_shape& s,
                                 const sluice_addr& vip, uint32_t endpoint) {
  const auto* header = at<sluice_generation>(g, 0, 0);
  const uint64_t base = sluice_service_base(sluice_addr_high(&vip), sluice_addr_low(&vip),
                                            header->service_multipliers);
  const uint64_t hash = sluice_service_hash(base, endpoint);
  const uint32_t d = *at<uint32_t>(g, sluice_service_displacements_at(),
                                   sluice_bucket_of(hash, s.services / SLUICE_BUCKET - 1));
  const auto* e =
      at<sluice_service>(g, sluice_services_at(s), sluice_place_of(hash, d, s.services - 1));
  const bool is_it = e->endpoint == endpoint && std::memcmp(&e->vip, &vip, sizeof(vip)) == 0;
  return is_it ? e : nullptr;
}

const sluice_service* service_at(const GenerationBytes& g, const sluice_shape& s,
                                 const IpAddress& address, const PortRange& port) {
  return service_at(g, s, to_abi(address),
                    sluice_endpoint(port.protocol, htons(port.first)) |
                        (address.is_v4() ? 0u : uint32_t(SLUICE_OF_IPV6)));
}

// As full as check_fits() allows: every frontend is found, and names its service's members.
void check_full_table(int services) {
  Example e;
  e.config.services.clear();
  for (int i = 0; i < services; i++) {
    const uint8_t v4[4] = {192, 0, uint8_t(i >> 8), uint8_t(i)};
    Service s = Example::service("s" + std::to_string(i), {}, {1 + i % 60000});
    s.vips.push_back(IpPrefix::of(IpAddress::from_v4(v4)));
    e.config.services.push_back(s);
  }
  const Image image = e.image();
  const Capacity c = {.shape = {.vips = uint32_t(services) * 2,
                                .services = uint32_t(services) * 2,
                                .range_services = 16,
                                .port_pages = 16,
                                .positions = uint32_t(services) * 4,
                                .ring_slots = 251},
                      .members = uint32_t(services) * 4,
                      .rings = 256};
  const Plan plan = make_plan({}, image, c).value();
  for (const ImageService& s : image.services)
    for (const Frontend& f : s.frontends) {
      const IpAddress& vip = f.vip.address;
      ASSERT_TRUE(is_vip(plan.generation, c.shape, vip)) << vip.to_string();
      const sluice_service* found = service_at(plan.generation, c.shape, vip, f.ports);
      ASSERT_NE(found, nullptr) << s.name;
      EXPECT_EQ(
          service_at(plan.generation, c.shape, vip, PortRange::one(uint16_t(f.ports.first + 1), 6)),
          nullptr);
      for (uint32_t p = 0; p < s.members.size(); p++) {
        const uint32_t index =
            *at<uint32_t>(plan.generation, sluice_positions_at(c.shape), found->first_position + p);
        const MemberKey key = {s.name, s.members[p].address, f.family()};
        EXPECT_EQ(plan.next.members.at(key).index, index);
      }
    }
}

TEST(Generation, FindsEveryFrontendOfASmallTable) {
  check_full_table(32);
}
TEST(Generation, FindsEveryFrontendOfALargeFullTable) {
  check_full_table(4096);
}

// In tables as full as check_fits() allows.
void expect_all_found(const std::vector<IpAddress>& vips) {
  Example e;
  e.config.services.clear();
  for (const IpAddress& vip : vips)
    e.config.services.push_back(Example::service(vip.to_string(), {vip.to_string()}, {80}));
  const auto entries = std::max(uint32_t(SLUICE_BUCKET), std::bit_ceil(uint32_t(vips.size()) * 2));
  Capacity c = e.capacity();
  c.shape.vips = c.shape.services = entries;
  const Plan plan = plan_of({}, e, c);
  for (const IpAddress& vip : vips) {
    EXPECT_TRUE(is_vip(plan.generation, c.shape, vip)) << vip.to_string();
    EXPECT_NE(service_at(plan.generation, c.shape, vip, PortRange::one(80, IPPROTO_TCP)), nullptr)
        << vip.to_string();
  }
}

IpAddress with_byte(const IpAddress& address, uint32_t byte, uint8_t value) {
  IpAddress::Bytes bytes = address.bytes();
  bytes[byte] = value;
  return address.is_v4() ? IpAddress::from_v4(bytes.data() + 12) : IpAddress::from_v6(bytes.data());
}

// VIPs may differ in any bit: those of two providers differ in the first ones only.
TEST(Generation, FindsTwoVipsThatDifferInAnyBit) {
  for (const IpAddress& vip : {ip("2001:db8::1"), ip("203.0.113.1")})
    for (uint32_t bit = vip.is_v4() ? 96 : 0; bit < 128; bit++) {
      SCOPED_TRACE(bit);
      const uint32_t byte = bit / 8;
      const auto flipped = uint8_t(vip.bytes()[byte] ^ 0x80 >> bit % 8);
      expect_all_found({vip, with_byte(vip, byte, flipped)});
    }
}

TEST(Generation, FindsManyVipsThatDifferInAnyByte) {
  for (const IpAddress& vip : {ip("2001:db8::1"), ip("203.0.113.1")})
    for (uint32_t byte = vip.is_v4() ? 12 : 0; byte < 16; byte++) {
      SCOPED_TRACE(byte);
      std::vector<IpAddress> vips;
      for (uint32_t value = 1; value < 128; value++)
        vips.push_back(with_byte(vip, byte, uint8_t(value)));
      expect_all_found(vips);
    }
}

// Its endpoints differ in few bits, and UDP's from TCP's in two.
TEST(Generation, FindsEveryPortOfOneVip) {
  constexpr uint16_t kFirst = 8000, kPorts = 2048;
  Example e;
  Service& s = e.config.services[0];
  s.vips = {IpPrefix::parse("192.0.2.10").value()};
  s.ports.clear();
  for (uint16_t i = 0; i < kPorts; i++)
    for (uint8_t protocol : {IPPROTO_TCP, IPPROTO_UDP})
      s.ports.push_back(PortRange::one(uint16_t(kFirst + i), protocol));
  const Capacity c = e.capacity();
  const Plan plan = plan_of({}, e, c);
  for (const PortRange& port : s.ports)
    ASSERT_NE(service_at(plan.generation, c.shape, ip("192.0.2.10"), port), nullptr) << port.first;
  for (uint8_t protocol : {IPPROTO_TCP, IPPROTO_UDP})
    EXPECT_EQ(service_at(plan.generation, c.shape, ip("192.0.2.10"),
                         PortRange::one(kFirst + kPorts, protocol)),
              nullptr);
}

// ::1 is an address that somebody may send to, and what the first prefix is called.
TEST(Generation, NoAddressIsTakenForAPrefix) {
  Example e;
  e.config.services = {Example::service("s", {"198.51.100.0/28"}, {80})};
  const Capacity c = e.capacity();
  const Plan plan = plan_of({}, e, c);
  const sluice_addr name = sluice_prefix_name(1);
  const uint32_t endpoint = sluice_endpoint(IPPROTO_TCP, htons(80));
  EXPECT_NE(service_at(plan.generation, c.shape, name, endpoint | SLUICE_OF_PREFIX), nullptr);
  EXPECT_EQ(service_at(plan.generation, c.shape, name, endpoint), nullptr);
}

bool is_suspect(const GenerationBytes& g, const IpAddress& address) {
  const sluice_addr a = to_abi(address);
  const uint32_t place = address.is_v4() ? sluice_filter_place_v4(a.word[3])
                                         : sluice_filter_place_v6(sluice_addr_high(&a));
  const auto* header = reinterpret_cast<const sluice_generation*>(g.data());
  return header->filter[address.is_v4() ? 0 : 1][place / 32] >> place % 32 & 1;
}

Plan plan_with_vip(const std::string& vip) {
  Example e;
  e.config.services.clear();
  e.config.services.push_back(Example::service("s", {vip}, {80}));
  return plan_of({}, e, e.capacity());
}

// What the filter denies is never looked for, so it may deny no address of a VIP.
TEST(Generation, TheFilterKnowsEveryAddressOfAVip) {
  const std::pair<const char*, std::vector<const char*>> vips[] = {
      {"192.0.2.10", {"192.0.2.10"}},
      {"198.51.100.0/28", {"198.51.100.0", "198.51.100.15"}},
      {"198.48.0.0/12", {"198.48.0.0", "198.56.7.8", "198.63.255.255"}},
      {"10.0.0.0/8", {"10.0.0.0", "10.200.1.1", "10.255.255.255"}},
      {"2001:db8::10", {"2001:db8::10"}},
      {"2001:db8:1::/48", {"2001:db8:1::", "2001:db8:1:ffff::1"}},
      {"2000::/3", {"2000::", "2001:db8::1", "3fff:ffff::"}},
  };
  for (const auto& [vip, addresses] : vips) {
    const Plan plan = plan_with_vip(vip);
    for (const char* a : addresses)
      EXPECT_TRUE(is_suspect(plan.generation, ip(a))) << vip << " " << a;
  }
}

TEST(Generation, TheFilterDeniesMostOthers) {
  const Plan plan = plan_with_vip("192.0.2.10");
  EXPECT_FALSE(is_suspect(plan.generation, ip("198.51.100.7")));
  EXPECT_FALSE(is_suspect(plan.generation, ip("10.0.0.1")));
  EXPECT_FALSE(is_suspect(plan.generation, ip("2001:db8:c::7")));
}

// Clients of the VIP's own provider are no suspects.
TEST(Generation, TheFilterTellsIpv6SubnetsApart) {
  const Plan plan = plan_with_vip("2001:db8::10");
  EXPECT_TRUE(is_suspect(plan.generation, ip("2001:db8::ffff")));
  EXPECT_FALSE(is_suspect(plan.generation, ip("2001:db8:c::7")));
  EXPECT_FALSE(is_suspect(plan.generation, ip("2001:db8:0:1::7")));
}

TEST(Generation, TheFilterKnowsIpv4sMartians) {
  const Plan plan = plan_with_vip("192.0.2.10");
  for (const char* a : {"0.0.0.1", "0.255.0.1", "127.0.0.1", "127.255.255.255", "224.0.0.1",
                        "239.1.2.3", "240.0.0.1", "255.255.255.255"})
    EXPECT_TRUE(is_suspect(plan.generation, ip(a))) << a;
  for (const char* a : {"1.0.0.0", "126.255.255.255", "128.0.0.1", "223.255.255.255"})
    EXPECT_FALSE(is_suspect(plan.generation, ip(a))) << a;
}

TEST(Generation, AnEmptyConfigurationFindsNothing) {
  Example e;
  e.config.services.clear();
  const Capacity c = e.capacity();
  const Plan plan = plan_of({}, e, c);
  EXPECT_FALSE(is_vip(plan.generation, c.shape, ip("192.0.2.10")));
  EXPECT_FALSE(is_vip(plan.generation, c.shape, IpAddress()));
}

}  // namespace
}  // namespace sluice::test
