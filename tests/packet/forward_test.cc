// SPDX-License-Identifier: Apache-2.0
// What a backend must receive: the whole packet, byte for byte.
#include <linux/bpf.h>
#include <netinet/in.h>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

constexpr uint16_t kDontFragment = 0x4000;

// The flow label is 20 bits of the flow's hash: taken from the packet, checked by hash_test.
uint32_t label_of(const Bytes& out) {
  return uint32_t(out[15] & 0xf) << 16 | uint32_t(out[16]) << 8 | out[17];
}

// `frame` as the IPv4 backend must get it.
Bytes in_ipv4(const Bytes& frame, uint8_t protocol, uint8_t tos = 0) {
  return PacketBuilder()
      .ethernet(kRouterMac, kOurMac)
      .ipv4({.source = kSource4,
             .destination = "203.0.113.11",
             .tos = tos,
             .id = 0,
             .fragment = kDontFragment,
             .protocol = protocol})
      .payload(from(frame, 14))
      .build();
}

Bytes in_ipv6(const Bytes& frame, uint8_t protocol, uint32_t label, uint8_t tos = 0) {
  return PacketBuilder()
      .ethernet(kRouterMac, kOurMac)
      .ipv6({.source = kSource6,
             .destination = "2001:db8:b::11",
             .traffic_class = tos,
             .flow_label = label,
             .next_header = protocol})
      .payload(from(frame, 14))
      .build();
}

Row row4(std::string name, Bytes in, uint8_t tos = 0) {
  const bool v4 = in[12] == 0x08;
  const uint8_t protocol = v4 ? IPPROTO_IPIP : IPPROTO_IPV6;
  return {std::move(name),
          one_backend(false),
          in,
          {.action = XDP_TX, .out = in_ipv4(in, protocol, tos), .bytes = in.size() - 14}};
}

Row row6(std::string name, Bytes in, uint8_t tos = 0) {
  const bool v4 = in[12] == 0x08;
  const uint8_t protocol = v4 ? IPPROTO_IPIP : IPPROTO_IPV6;
  Loaded probe(one_backend(true));
  const uint32_t label = probe.ok() ? label_of(probe.run(in).packet) : 0;
  return {std::move(name),
          one_backend(true),
          in,
          {.action = XDP_TX, .out = in_ipv6(in, protocol, label, tos), .bytes = in.size() - 14}};
}

Bytes udp4(size_t payload) {
  return frame4({.source = kClient4, .destination = kVip4})
      .udp({5353, 443})
      .payload(payload)
      .build();
}
Bytes udp6(size_t payload) {
  return frame6({.source = kClient6, .destination = kVip6})
      .udp({5353, 443})
      .payload(payload)
      .build();
}

Bytes padded(Bytes frame, size_t to) {
  frame.resize(to);
  return frame;
}

// As `row4`, but the frame ends in padding that belongs to no IP packet; the bytes are counted
// without it, and it stays at the end.
Row padded_row() {
  const Bytes bare = udp4(0);
  const Bytes in = padded(bare, 60);
  Bytes out = join(in_ipv4(bare, IPPROTO_IPIP), Bytes(60 - bare.size()));
  return {"PaddingIsNotCountedAndStaysOutsideTheIpLength",
          one_backend(false),
          in,
          {.action = XDP_TX, .out = out, .bytes = bare.size() - 14}};
}

Row redirect_row() {
  Scenario s = one_backend(false);
  s.next_hops.begin()->second.ifindex = kElsewhere;
  return {
      "OtherInterfaceIsRedirectedTo",
      s,
      tcp4(),
      {.action = XDP_REDIRECT, .out = in_ipv4(tcp4(), IPPROTO_IPIP), .bytes = tcp4().size() - 14}};
}

Row configured_source_row() {
  Scenario s = one_backend(false);
  s.config.pools["pool"].backends[0].forward.source_v4 = IpPrefix::parse("203.0.113.77");
  Bytes out = PacketBuilder()
                  .ethernet(kRouterMac, kOurMac)
                  .ipv4({.source = "203.0.113.77",
                         .destination = "203.0.113.11",
                         .id = 0,
                         .fragment = kDontFragment,
                         .protocol = IPPROTO_IPIP})
                  .payload(from(tcp4(), 14))
                  .build();
  return {"ConfiguredOuterSourceIsUsed",
          s,
          tcp4(),
          {.action = XDP_TX, .out = out, .bytes = tcp4().size() - 14}};
}

Ipv4 client4(uint8_t tos) {
  return {.source = kClient4, .destination = kVip4, .tos = tos};
}
Ipv6 client6(uint8_t tclass) {
  return {.source = kClient6, .destination = kVip6, .traffic_class = tclass};
}
Ipv4 with_options() {
  return {.source = kClient4, .destination = kVip4, .options = {1, 1, 1, 1, 0, 80, 0, 0}};
}

class Forward : public PacketTest {};

TEST_P(Forward, BackendGetsThisPacket) {
  check_row(GetParam());
}

// Rows with an IPv6 outer header run the program once to learn the label, so they are made lazily:
// listing the tests needs no privileges.
INSTANTIATE_TEST_SUITE_P(OuterIpv4, Forward,
                         testing::Values(row4("Tcp4", tcp4()), row4("Tcp6", tcp6()),
                                         row4("Udp4", udp4(1)), row4("Udp6", udp6(1)),
                                         row4("EmptyUdp4", udp4(0)), row4("Full1500", udp4(1472)),
                                         row4("TosIsCopied", tcp4(client4(0xb9)), 0xb9),
                                         row4("TrafficClassIsCopied", tcp6(client6(0xb9)), 0xb9),
                                         row4("EveryTosBit", tcp4(client4(0xff)), 0xff),
                                         row4("Ipv4OptionsTravelAlong", tcp4(with_options())),
                                         padded_row(), redirect_row(), configured_source_row()),
                         row_name);

class ForwardIpv6 : public testing::TestWithParam<int> {};

struct Lazy {
  const char* name;
  Bytes in;
  uint8_t tos;
};
const std::vector<Lazy>& lazy_rows() {
  static const std::vector<Lazy> rows = {
      {"Tcp4", tcp4(), 0},
      {"Tcp6", tcp6(), 0},
      {"Udp4", udp4(1), 0},
      {"Udp6", udp6(1), 0},
      {"EmptyUdp4", udp4(0), 0},
      {"Full1500", udp6(1452), 0},
      {"TosIsCopied", tcp4(client4(0xb9)), 0xb9},
      {"TrafficClassIsCopied", tcp6(client6(0x5a)), 0x5a},
  };
  return rows;
}

TEST_P(ForwardIpv6, BackendGetsThisPacket) {
  const Lazy& l = lazy_rows()[size_t(GetParam())];
  check_row(row6(l.name, l.in, l.tos));
}

INSTANTIATE_TEST_SUITE_P(OuterIpv6, ForwardIpv6, testing::Range(0, int(lazy_rows().size())),
                         [](const auto& i) { return lazy_rows()[size_t(i.param)].name; });

// All 65,536 first words of the outer checksum's input that lengths and TOS can make: the receiver
// would discard a header whose carries were folded wrongly.
TEST(OuterIpv4Checksum, IsRightForEveryTosAndManyLengths) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  for (int tos = 0; tos < 256; tos++)
    for (size_t length : {0u, 1u, 200u, 217u, 218u, 219u, 700u, 1400u}) {
      Bytes in = frame4(client4(uint8_t(tos))).udp({5353, 443}).payload(length).build();
      const Bytes out = loaded.run(in).packet;
      ASSERT_GT(out.size(), 34u);
      EXPECT_EQ(internet_checksum(Bytes(out.begin() + 14, out.begin() + 34)), 0)
          << "TOS " << tos << ", length " << length;
    }
}

}  // namespace
}  // namespace sluice::test
