// SPDX-License-Identifier: Apache-2.0
// Not ours, not touched: what reaches the kernel exactly as it came.
#include <linux/bpf.h>
#include <netinet/in.h>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

Ipv4 to_other4() {
  return {.source = kClient4, .destination = "192.0.2.99"};
}
Ipv6 to_other6() {
  return {.source = kClient6, .destination = "2001:db8::99"};
}
// Everything wrong at once, but not for a VIP.
Ipv4 broken4() {
  return {.source = "127.0.0.1",
          .destination = "192.0.2.99",
          .ttl = 0,
          .fragment = 0x3fff,
          .version = 9,
          .ihl = 1,
          .total_length = 65535};
}

Bytes arp() {
  return PacketBuilder().ethernet("ff:ff:ff:ff:ff:ff", kRouterMac, 0x0806).payload(28).build();
}
Bytes ethertype(uint16_t type) {
  return PacketBuilder().ethernet(kOurMac, kRouterMac, type).payload(64).build();
}

Row empty_pass_row() {
  Row r = pass_row("EmptyServiceWhosePolicyIsPass", tcp4(), SLUICE_PASS_EMPTY);
  r.setup.config.pools["pool"].backends.clear();
  r.setup.config.services[0].empty = EmptyPolicy::kPass;
  return r;
}

// Nobody has configured anything.
Row no_service_row() {
  Row r = pass_row("ConfigurationWithoutServices", tcp4(), SLUICE_PASS_NOT_VIP);
  r.setup.config.services.clear();
  return r;
}

class Pass : public PacketTest {};

TEST_P(Pass, IsLeftAlone) {
  check_row(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    NotIp, Pass,
    testing::Values(pass_row("Arp", arp(), SLUICE_PASS_NOT_IP),
                    pass_row("VlanWithoutIp", ethertype(0x8100), SLUICE_PASS_NOT_IP),
                    pass_row("Lldp", ethertype(0x88cc), SLUICE_PASS_NOT_IP),
                    pass_row("EthernetHeaderOnly", first(tcp4(), 14), SLUICE_PASS_NOT_IP)),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    NotVip, Pass,
    testing::Values(
        pass_row("Tcp4", tcp4(to_other4()), SLUICE_PASS_NOT_VIP),
        pass_row("Tcp6", tcp6(to_other6()), SLUICE_PASS_NOT_VIP),
        pass_row("EverythingWrong", tcp4(broken4()), SLUICE_PASS_NOT_VIP),
        pass_row("ToNobody", tcp4({.source = kClient4, .destination = "0.0.0.0"}),
                 SLUICE_PASS_NOT_VIP),
        pass_row("ToNobody6", tcp6({.source = kClient6, .destination = "::"}), SLUICE_PASS_NOT_VIP),
        pass_row("MappedIpv4InIpv6", tcp6({.source = kClient6, .destination = "::ffff:192.0.2.10"}),
                 SLUICE_PASS_NOT_VIP),
        pass_row("VipAsSource", tcp4({.source = kVip4, .destination = kClient4}),
                 SLUICE_PASS_NOT_VIP),
        no_service_row()),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    NoService, Pass,
    testing::Values(
        pass_row("OtherPort",
                 frame4({.source = kClient4, .destination = kVip4}).tcp({31337, 81}).build(),
                 SLUICE_PASS_NO_SERVICE),
        pass_row("PortOfTheOtherProtocol",
                 frame4({.source = kClient4, .destination = kVip4}).udp({31337, 80}).build(),
                 SLUICE_PASS_NO_SERVICE),
        pass_row("OtherPort6",
                 frame6({.source = kClient6, .destination = kVip6}).tcp({31337, 443}).build(),
                 SLUICE_PASS_NO_SERVICE),
        pass_row(
            "Icmp",
            frame4({.source = kClient4, .destination = kVip4, .protocol = 1}).payload(64).build(),
            SLUICE_PASS_ICMP),
        pass_row("Icmp6",
                 frame6({.source = kClient6, .destination = kVip6, .next_header = 58})
                     .payload(64)
                     .build(),
                 SLUICE_PASS_ICMP),
        empty_pass_row()),
    row_name);

}  // namespace
}  // namespace sluice::test
