// SPDX-License-Identifier: Apache-2.0
// GRE and UDP that are not tunnels of ours: to the kernel, untouched.
#include "agent/tunnels.h"

namespace sluice::test {
namespace {

class TunnelPass : public AgentPacket {};

TEST_P(TunnelPass, IsLeftAlone) {
  check_row(GetParam());
}

std::vector<Row> elsewhere() {
  std::vector<Row> rows;
  const auto to4 = [](const std::string& a) { return Ipv4{.source = kClient4, .destination = a}; };
  const auto to6 = [](const std::string& a) { return Ipv6{.source = kClient6, .destination = a}; };
  for (const Shape& s : shapes()) {
    const Wrapped w = s.wrap(inner4());
    Wrapped cut = w;
    cut.bytes.resize(s.udp ? 4 : 0);
    const auto pass = [&](const char* what, const Bytes& frame) {
      rows.push_back(pass_row(s.name + what, frame, SLUICE_AGENT_PASS_NOT_LOCAL));
    };
    pass("ToNeighbour", frame4(w, to4("203.0.113.7")));
    pass("ToVip", frame4(w, to4(kVip4)));
    pass("ToNeighbour6", frame6(w, to6("2001:db8:e::7")));
    pass("ToVip6", frame6(w, to6(kVip6)));
    pass("ToLocalAsMapped", frame6(w, to6("::ffff:203.0.113.6")));
    pass("CutToNeighbour", frame4(cut, to4("203.0.113.7")));
    pass("FragmentToNeighbour",
         frame4(w, {.source = kClient4, .destination = "203.0.113.7", .fragment = 0x2000}));
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Elsewhere, TunnelPass, testing::ValuesIn(elsewhere()), row_name);

Row other_port(uint16_t source, uint16_t port) {
  return pass_row("Port" + std::to_string(source) + "To" + std::to_string(port),
                  frame4(in_udp({.source = source, .port = port}, inner4())),
                  SLUICE_AGENT_PASS_NOT_TUNNEL);
}
// In the other byte order, 45845 is 5555's and so on.
INSTANTIATE_TEST_SUITE_P(Port, TunnelPass,
                         testing::Values(other_port(53, 53), other_port(1, 0), other_port(1, 5554),
                                         other_port(1, 5557), other_port(1, 45845),
                                         other_port(1, 49175), other_port(1, 49431),
                                         other_port(kFouPort, 40000), other_port(kGuePort, 40000)),
                         row_name);

Row fragment(std::string name, uint16_t bits) {
  return pass_row(
      std::move(name),
      frame4(in_fou(inner4()), {.source = kBalancer4, .destination = kLocal4, .fragment = bits}),
      SLUICE_AGENT_PASS_NOT_TUNNEL);
}
Row header_length(uint8_t ihl) {
  return pass_row(
      "HeaderLength" + std::to_string(ihl),
      frame4(in_fou(inner4()), {.source = kBalancer4, .destination = kLocal4, .ihl = ihl}),
      SLUICE_AGENT_PASS_NOT_TUNNEL);
}
Row behind(std::string name, uint8_t next_header) {
  return pass_row(std::move(name), frame6({next_header, in_fou(inner4()).bytes}),
                  SLUICE_AGENT_PASS_NOT_TUNNEL);
}

// What stands where ports would be is none.
INSTANTIATE_TEST_SUITE_P(NoPorts, TunnelPass,
                         testing::Values(fragment("Middle", 0x2001), fragment("Last", 0x00b9),
                                         fragment("LastOfTheLargest", 0x1fff), header_length(0),
                                         header_length(4), behind("Tcp", 6), behind("HopByHop", 0),
                                         behind("Fragment6", 44)),
                         row_name);

}  // namespace
}  // namespace sluice::test
