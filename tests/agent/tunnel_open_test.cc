// SPDX-License-Identifier: Apache-2.0
// What comes out of GRE, FOU, GUE and Geneve, and how: bit for bit.
#include "agent/tunnels.h"

namespace sluice::test {
namespace {

class TunnelOpen : public AgentPacket {};

TEST_P(TunnelOpen, ComesOutBitForBit) {
  check_row(GetParam());
}

constexpr sluice_agent_tunnel kGre = SLUICE_AGENT_TUNNEL_GRE, kFou = SLUICE_AGENT_TUNNEL_FOU,
                              kGue = SLUICE_AGENT_TUNNEL_GUE, kGeneve = SLUICE_AGENT_TUNNEL_GENEVE;

std::vector<Row> every_shape() {
  std::vector<Row> rows;
  for (const Shape& s : shapes())
    for (const bool inner_v6 : {false, true}) {
      const Bytes inner = inner_v6 ? inner6() : inner4();
      const Bytes padding(7, 0x45);
      const std::string name = s.name + (inner_v6 ? "V6" : "V4");
      rows.push_back(open_tunnel_row(name + "InV4", s.kind, frame4(s.wrap(inner)), inner));
      rows.push_back(open_tunnel_row(name + "InV6", s.kind, frame6(s.wrap(inner)), inner));
      rows.push_back(open_tunnel_row(
          name + "BehindOptions", s.kind,
          frame4(s.wrap(inner),
                 {.source = kBalancer4, .destination = kLocal4, .options = Bytes(40, 1)}),
          inner));
      rows.push_back(open_tunnel_row(name + "Padded", s.kind, join(frame4(s.wrap(inner)), padding),
                                     inner, padding));
      rows.push_back(open_tunnel_row(name + "Trailer", s.kind, frame6(s.wrap(join(inner, padding))),
                                     inner, padding));
    }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Shapes, TunnelOpen, testing::ValuesIn(every_shape()), row_name);

Bytes congested4() {
  return inner4({.source = kClient4, .destination = kVip4, .tos = 3});
}

std::vector<Row> congestion() {
  std::vector<Row> rows;
  const Bytes inner = inner4({.source = kClient4, .destination = kVip4, .tos = 2});
  for (const Shape& s : shapes())
    rows.push_back(open_tunnel_row(
        s.name, s.kind,
        frame4(s.wrap(inner), {.source = kBalancer4, .destination = kLocal4, .tos = 3}),
        congested4()));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(CongestionIsTold, TunnelOpen, testing::ValuesIn(congestion()), row_name);

std::vector<Row> large() {
  std::vector<Row> rows;
  const Bytes inner =
      PacketBuilder().ipv6({.source = kClient6, .destination = kVip6}).payload(1100).build();
  for (const Shape& s : shapes())
    rows.push_back(open_tunnel_row(s.name, s.kind, frame6(s.wrap(inner)), inner));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Large, TunnelOpen, testing::ValuesIn(large()), row_name);

// What a receiver must not look at.
std::vector<Row> ignored() {
  std::vector<Row> rows;
  for (const uint16_t bit : {0x200, 0x100, 0x80, 0x40, 0x20, 0x10, 0x08})
    rows.push_back(open_tunnel_row("GreFlag" + std::to_string(bit), kGre,
                                   frame4(in_gre(inner4(), {.flags = bit})), inner4()));
  for (uint8_t bit = 1; bit < 0x40; bit = uint8_t(bit << 1))
    rows.push_back(open_tunnel_row("GeneveFlag" + std::to_string(bit), kGeneve,
                                   frame4(in_geneve(inner4(), {.flags = bit})), inner4()));
  rows.push_back(open_tunnel_row("GeneveNetwork", kGeneve,
                                 frame4(in_geneve(inner4(), {.network = 0xffffff})), inner4()));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Ignored, TunnelOpen, testing::ValuesIn(ignored()), row_name);

Row udp_row(std::string name, const UdpTunnel& udp, const Bytes& payload, const Bytes& inner,
            const Bytes& behind = {}) {
  const sluice_agent_tunnel kind = udp.port == kGuePort      ? kGue
                                   : udp.port == kGenevePort ? kGeneve
                                                             : kFou;
  return open_tunnel_row(std::move(name), kind, frame4(in_udp(udp, payload)), inner, behind);
}

INSTANTIATE_TEST_SUITE_P(
    Udp, TunnelOpen,
    testing::Values(udp_row("SecondPort", {.port = kFouPort6}, inner6(), inner6()),
                    udp_row("EitherFamilyAtEitherPort", {.port = kFouPort6}, inner4(), inner4()),
                    udp_row("ChecksumIsNotLookedAt", {.port = kFouPort, .checksum = 0xbad0},
                            inner4(), inner4()),
                    open_tunnel_row("NorOverIpv6", kGue,
                                    frame6(in_udp({.port = kGuePort, .checksum = 0xbad0},
                                                  gue_payload(inner6()))),
                                    inner6()),
                    udp_row("SourcePort0", {.source = 0, .port = kGuePort}, gue_payload(inner4()),
                            inner4()),
                    udp_row("SourcePortOfTheTunnel", {.source = kGenevePort, .port = kGenevePort},
                            geneve_payload(inner6()), inner6()),
                    // Bytes of the outer packet that UDP does not count are like padding.
                    udp_row("ShorterThanIp", {.port = kFouPort, .length = 8 + 31},
                            join(inner4(), Bytes(9, 7)), inner4(), Bytes(9, 7))),
    row_name);

// As other people's software sends them: written out, so that no builder of ours is asked.
Bytes katran_gue(const Bytes& inner) {
  // Source port from the flow, destination 6080 unless told otherwise, no checksum, IP behind.
  return join({0x7a, 0x69, 0x17, 0xc0, 0x00, uint8_t(8 + inner.size()), 0x00, 0x00}, inner);
}
Bytes linux_fou(const Bytes& inner) {
  return join({0xe1, 0x15, 0x15, 0xb3, 0x00, uint8_t(8 + inner.size()), 0x00, 0x00}, inner);
}
Bytes linux_gue(const Bytes& inner) {
  return join({0xe1, 0x15, 0x17, 0xc0, 0x00, uint8_t(12 + inner.size()), 0x5c, 0x31,  //
               0x00, 0x04, 0x00, 0x00},
              inner);
}
// The kernel's device is an Ethernet one unless made with innerprotoinherit.
Bytes linux_geneve(const Bytes& inner) {
  return join({0xc3, 0x50, 0x17, 0xc1, 0x00, uint8_t(30 + inner.size()),
               0x00, 0x00,  //
               0x00, 0x00, 0x65, 0x58, 0x00, 0x00,
               0x2a, 0x00,  //
               0x02, 0x00, 0x00, 0x00, 0x00, 0xaa,
               0x02, 0x00, 0x00, 0x00, 0x00, 0xbb,
               0x08, 0x00},
              inner);
}
Bytes linux_gre(const Bytes& inner) {
  return join({0x20, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x2a}, inner);
}
Ipv4 dont_fragment() {
  return {.source = kBalancer4, .destination = kLocal4, .id = 0, .fragment = 0x4000};
}
Row others(std::string name, sluice_agent_tunnel kind, uint8_t protocol, const Bytes& bytes) {
  return open_tunnel_row(std::move(name), kind, frame4({protocol, bytes}, dont_fragment()),
                         inner4());
}

INSTANTIATE_TEST_SUITE_P(OfOthers, TunnelOpen,
                         testing::Values(others("KatranGue", kGue, 17, katran_gue(inner4())),
                                         others("LinuxFou", kFou, 17, linux_fou(inner4())),
                                         others("LinuxGue", kGue, 17, linux_gue(inner4())),
                                         others("LinuxGeneve", kGeneve, 17, linux_geneve(inner4())),
                                         others("LinuxGreWithKey", kGre, 47, linux_gre(inner4()))),
                         row_name);

// A client may send a tunnel packet to a VIP: only the balancer's own is opened.
std::vector<Row> tunnel_to_vip() {
  std::vector<Row> rows;
  for (const Shape& s : shapes()) {
    const Wrapped w = s.wrap(inner4());
    const Bytes inner =
        PacketBuilder()
            .ipv4({.source = kClient4, .destination = kVip4, .protocol = w.protocol})
            .payload(w.bytes)
            .build();
    rows.push_back(open_tunnel_row(s.name, s.kind, frame4(s.wrap(inner)), inner));
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(OneOfTwo, TunnelOpen, testing::ValuesIn(tunnel_to_vip()), row_name);

}  // namespace
}  // namespace sluice::test
