// SPDX-License-Identifier: Apache-2.0
// Tunnel packets that end early, at every byte, and lengths that lie.
#include "agent/tunnels.h"

namespace sluice::test {
namespace {

// All the cuts of one packet: too many to be tests of their own.
struct Cuts {
  std::string name;
  std::vector<Row> rows;
};

void PrintTo(const Cuts& cuts, std::ostream* os) {
  *os << cuts.name;
}

class TunnelCut : public testing::TestWithParam<Cuts> {};

TEST_P(TunnelCut, IsDroppedUnlessNobodyCanTellThatItIsATunnel) {
  for (const Row& row : GetParam().rows) {
    SCOPED_TRACE(row.name);
    check_row(row);
  }
}

std::string cuts_name(const testing::TestParamInfo<Cuts>& info) {
  return info.param.name;
}

class TunnelLength : public AgentPacket {};

TEST_P(TunnelLength, LiesAndIsDropped) {
  check_row(GetParam());
}

// Bytes behind the outer IP header without which a tunnel is not recognised.
size_t recognised(const Shape& shape) {
  return shape.udp ? 4 : 0;
}

// The frame ends early and no length knows it.
Cuts cut_frames(const Shape& s, bool v6) {
  Cuts cuts = {.name = s.name + (v6 ? "InV6" : "InV4"), .rows = {}};
  const Bytes whole = v6 ? frame6(s.wrap(inner4())) : frame4(s.wrap(inner4()));
  const size_t ip = 14 + (v6 ? 40 : 20);
  for (size_t n = ip; n < whole.size(); n++) {
    const std::string name = "To" + std::to_string(n);
    cuts.rows.push_back(n < ip + recognised(s)
                            ? pass_row(name, first(whole, n), SLUICE_AGENT_PASS_NOT_TUNNEL)
                            : drop_row(name, first(whole, n), SLUICE_AGENT_DROP_OUTER_LENGTH));
  }
  return cuts;
}

// The outer IP length knows it, UDP's own does not; padding makes up for what is missing.
Cuts cut_packets(const Shape& s, bool v6) {
  Cuts cuts = {.name = s.name + (v6 ? "InV6" : "InV4"), .rows = {}};
  const Wrapped whole = s.wrap(inner4());
  for (size_t n = recognised(s); n < whole.bytes.size(); n++) {
    const Wrapped cut = {whole.protocol, first(whole.bytes, n)};
    const sluice_agent_drop_reason why = s.udp          ? SLUICE_AGENT_DROP_UDP_LENGTH
                                         : n < s.header ? SLUICE_AGENT_DROP_TUNNEL_LENGTH
                                                        : SLUICE_AGENT_DROP_INNER_LENGTH;
    cuts.rows.push_back(drop_row("To" + std::to_string(n),
                                 join(v6 ? frame6(cut) : frame4(cut), Bytes(60, 0x45)), why));
  }
  return cuts;
}

// UDP's own length knows it as well.
Cuts cut_payloads(const Shape& s) {
  Cuts cuts = {.name = s.name, .rows = {}};
  const Bytes udp = s.wrap(inner4()).bytes, payload = from(udp, 8);
  const UdpTunnel tunnel = {.port = uint16_t(udp[2] << 8 | udp[3])};
  // GUE's variant is in the first byte.
  const size_t header = std::max(s.header, size_t(s.kind == SLUICE_AGENT_TUNNEL_GUE));
  for (size_t n = 0; n < payload.size(); n++)
    cuts.rows.push_back(drop_row(
        "To" + std::to_string(n), join(frame4(in_udp(tunnel, first(payload, n))), Bytes(60, 0x45)),
        n < header ? SLUICE_AGENT_DROP_TUNNEL_LENGTH : SLUICE_AGENT_DROP_INNER_LENGTH));
  return cuts;
}

std::vector<Cuts> of_all_shapes(Cuts (*cut)(const Shape&, bool)) {
  std::vector<Cuts> all;
  for (const Shape& s : shapes())
    for (const bool v6 : {false, true}) all.push_back(cut(s, v6));
  return all;
}
std::vector<Cuts> of_udp_shapes() {
  std::vector<Cuts> all;
  for (const Shape& s : shapes())
    if (s.udp) all.push_back(cut_payloads(s));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Frame, TunnelCut, testing::ValuesIn(of_all_shapes(cut_frames)), cuts_name);
INSTANTIATE_TEST_SUITE_P(Packet, TunnelCut, testing::ValuesIn(of_all_shapes(cut_packets)),
                         cuts_name);
INSTANTIATE_TEST_SUITE_P(Payload, TunnelCut, testing::ValuesIn(of_udp_shapes()), cuts_name);

Row udp_length(uint16_t length, sluice_agent_drop_reason why) {
  return drop_row("UdpLength" + std::to_string(length),
                  join(frame4(in_udp({.port = kFouPort, .length = length}, inner4())), Bytes(60)),
                  why);
}
Row gue_words(uint8_t words, sluice_agent_drop_reason why) {
  return drop_row("GueWords" + std::to_string(words),
                  join(frame4(in_gue(inner4(), {.first = words})), Bytes(200)), why);
}
Row geneve_words(uint8_t words) {
  return drop_row("GeneveWords" + std::to_string(words),
                  join(frame4(in_geneve(inner4(), {.first = words})), Bytes(300)),
                  SLUICE_AGENT_DROP_TUNNEL_LENGTH);
}

// The inner packet is 31 bytes long.
INSTANTIATE_TEST_SUITE_P(Fields, TunnelLength,
                         testing::Values(udp_length(0, SLUICE_AGENT_DROP_UDP_LENGTH),
                                         udp_length(7, SLUICE_AGENT_DROP_UDP_LENGTH),
                                         udp_length(8, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         udp_length(38, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         udp_length(40, SLUICE_AGENT_DROP_UDP_LENGTH),
                                         udp_length(99, SLUICE_AGENT_DROP_UDP_LENGTH),
                                         udp_length(65535, SLUICE_AGENT_DROP_UDP_LENGTH),
                                         gue_words(7, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         gue_words(8, SLUICE_AGENT_DROP_TUNNEL_LENGTH),
                                         gue_words(31, SLUICE_AGENT_DROP_TUNNEL_LENGTH),
                                         geneve_words(8), geneve_words(63)),
                         row_name);

}  // namespace
}  // namespace sluice::test
