// SPDX-License-Identifier: Apache-2.0
// What must not be sent on, and the reason that is counted.
#include <linux/bpf.h>
#include <netinet/in.h>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

Ipv4 to_vip4() {
  return {.source = kClient4, .destination = kVip4};
}
Ipv6 to_vip6() {
  return {.source = kClient6, .destination = kVip6};
}

Bytes version4(uint8_t version) {
  Ipv4 ip = to_vip4();
  ip.version = version;
  return tcp4(ip);
}
Bytes ihl(uint8_t words) {
  Ipv4 ip = to_vip4();
  ip.ihl = words;
  return tcp4(ip);
}
Bytes length4(uint16_t total) {
  Ipv4 ip = to_vip4();
  ip.total_length = total;
  return tcp4(ip);
}
Bytes version6(uint8_t version) {
  Ipv6 ip = to_vip6();
  ip.version = version;
  return tcp6(ip);
}
Bytes length6(uint16_t payload) {
  Ipv6 ip = to_vip6();
  ip.payload_length = payload;
  return tcp6(ip);
}
Bytes fragment4(uint16_t bits) {
  Ipv4 ip = to_vip4();
  ip.fragment = bits;
  return tcp4(ip);
}
Bytes fragment6() {
  Ipv6 ip = to_vip6();
  ip.next_header = IPPROTO_FRAGMENT;
  return tcp6(ip);
}

Row empty_row() {
  Row r = drop_row("ServiceWithoutBackend", tcp4(), SLUICE_DROP_NO_MEMBER);
  r.setup.config.pools["pool"].backends.clear();
  return r;
}
Row weightless_row() {
  Row r = drop_row("ServiceWithOnlyZeroWeights", tcp4(), SLUICE_DROP_NO_MEMBER);
  r.setup.config.pools["pool"].backends[0].weight = 0;
  return r;
}
Row unresolved_row() {
  Row r = drop_row("ServiceWhoseBackendHasNoNextHop", tcp4(), SLUICE_DROP_NO_MEMBER);
  r.setup.next_hops.clear();
  return r;
}

TEST_P(PacketTest, IsDroppedAndCounted) {
  check_row(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Ipv4Header, PacketTest,
    testing::Values(drop_row("Version0", version4(0), SLUICE_DROP_IP_HEADER),
                    drop_row("Version5", version4(5), SLUICE_DROP_IP_HEADER),
                    drop_row("Version6", version4(6), SLUICE_DROP_IP_HEADER),
                    drop_row("Ihl0", ihl(0), SLUICE_DROP_IP_HEADER),
                    drop_row("Ihl4", ihl(4), SLUICE_DROP_IP_HEADER),
                    drop_row("IhlBeyondTheFrame", ihl(15), SLUICE_DROP_IP_LENGTH),
                    drop_row("Length0", length4(0), SLUICE_DROP_IP_LENGTH),
                    drop_row("Length19", length4(19), SLUICE_DROP_IP_LENGTH),
                    drop_row("LengthOneBeyondTheFrame", length4(46), SLUICE_DROP_IP_LENGTH),
                    drop_row("Length65535", length4(65535), SLUICE_DROP_IP_LENGTH),
                    drop_row("LengthEndsInsideTcp", length4(39), SLUICE_DROP_L4_HEADER),
                    drop_row("LastFragment", fragment4(0x0010), SLUICE_DROP_FRAGMENT)),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Ipv6Header, PacketTest,
    testing::Values(drop_row("Version0", version6(0), SLUICE_DROP_IP_HEADER),
                    drop_row("Version4", version6(4), SLUICE_DROP_IP_HEADER),
                    drop_row("LengthOneBeyondTheFrame", length6(26), SLUICE_DROP_IP_LENGTH),
                    drop_row("Length65535", length6(65535), SLUICE_DROP_IP_LENGTH),
                    drop_row("Length0", length6(0), SLUICE_DROP_L4_HEADER),
                    drop_row("LengthEndsInsideTcp", length6(19), SLUICE_DROP_L4_HEADER),
                    drop_row("Fragment", fragment6(), SLUICE_DROP_FRAGMENT)),
    row_name);

INSTANTIATE_TEST_SUITE_P(Service, PacketTest,
                         testing::Values(empty_row(), weightless_row(), unresolved_row()),
                         row_name);

// A frame that ends anywhere inside its headers, length fields untouched, is never sent on.
void check_truncations(const Bytes& whole, size_t destination_readable_at) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  for (size_t n = 14; n < whole.size(); n++) {
    const Outcome run = loaded.run(first(whole, n));
    EXPECT_EQ(run.action, n < destination_readable_at ? XDP_PASS : XDP_DROP) << n << " bytes";
    EXPECT_EQ(loaded.run(whole).action, XDP_TX) << "the control after " << n << " bytes";
  }
}

TEST(Truncated, Tcp4) {
  check_truncations(tcp4(), 14 + 20);
}
TEST(Truncated, Tcp6) {
  check_truncations(tcp6(), 14 + 40);
}
TEST(Truncated, Udp4) {
  check_truncations(frame4(to_vip4()).udp({1, 443}).payload(9).build(), 14 + 20);
}
TEST(Truncated, Udp6) {
  check_truncations(frame6(to_vip6()).udp({1, 443}).payload(9).build(), 14 + 40);
}

}  // namespace
}  // namespace sluice::test
