// SPDX-License-Identifier: Apache-2.0
// What others than sluiced send, to the letter: Linux' own tunnels, and balancers that make up an
// outer source address for every client.
#include "agent/tunnels.h"

namespace sluice::test {
namespace {

class Senders : public AgentPacket {};

TEST_P(Senders, FareAsTheyMust) {
  check_row(GetParam());
}

constexpr uint8_t kDestinationOptions = 60, kDontFragment = 0x40;

// ip6_tunnel, sit, ip_gre and fou write these headers; with an IPv6 outer header they put an
// encapsulation limit behind it unless told `encaplimit none`.
Bytes limit(uint8_t next, uint8_t value = 4) {
  return {next, 0, 4, 1, value, 1, 1, 0};
}
Bytes limited6(const Bytes& behind, Bytes options) {
  return in6(join(std::move(options), behind),
             {.source = kBalancer6, .destination = kLocal6, .next_header = kDestinationOptions});
}

Row linux_ipip(std::string name, const Bytes& inner) {
  return open_row(
      std::move(name),
      in4(inner,
          {.source = kBalancer4, .destination = kLocal4, .id = 0, .fragment = kDontFragment << 8}),
      inner);
}

std::vector<Row> linux_tunnels() {
  std::vector<Row> rows = {linux_ipip("Ipip", inner4()), linux_ipip("Sit", inner6())};
  for (const bool inner_v6 : {false, true}) {
    const Bytes inner = inner_v6 ? inner6() : inner4();
    const std::string of = inner_v6 ? "V6" : "V4";
    const uint8_t protocol = inner_v6 ? 41 : 4;
    rows.push_back(open_row("Ip6tnl" + of, limited6(inner, limit(protocol)), inner));
    rows.push_back(open_row("Ip6tnlLimit0" + of, limited6(inner, limit(protocol, 0)), inner));
    for (const Shape& s : shapes()) {
      const Wrapped w = s.wrap(inner);
      rows.push_back(
          open_tunnel_row(s.name + of, s.kind, limited6(w.bytes, limit(w.protocol)), inner));
    }
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Linux, Senders, testing::ValuesIn(linux_tunnels()), row_name);

Bytes with(Bytes bytes, size_t at, uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

// Any other extension header is the kernel's, as ever.
std::vector<Row> other_options() {
  const Bytes good = limit(4);
  const struct {
    const char* name;
    Bytes options;
  } others[] = {
      {"TwoWords", join(with(good, 1, 1), Bytes(8))},
      {"OtherOption", with(good, 2, 5)},
      {"OtherLength", with(good, 3, 2)},
      {"PaddedOtherwise", with(good, 5, 0)},
      {"PaddedLonger", with(good, 6, 2)},
      {"PadsOnly", {4, 0, 1, 4, 0, 0, 0, 0}},
      {"Twice", join(limit(60), limit(4))},
      {"ThenAFragment", join(limit(44), Bytes(8))},
      {"ThenTcp", limit(6)},
  };
  std::vector<Row> rows;
  for (const auto& [name, options] : others)
    rows.push_back(pass_row(name, limited6(inner4(), options), SLUICE_AGENT_PASS_NOT_TUNNEL));
  // Ends inside: nobody can know what it is.
  const Bytes whole = limited6(inner4(), good);
  for (size_t n = 0; n < 8; n++)
    rows.push_back(pass_row("CutTo" + std::to_string(n), first(whole, 14 + 40 + n),
                            SLUICE_AGENT_PASS_NOT_TUNNEL));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(OtherOptions, Senders, testing::ValuesIn(other_options()), row_name);

std::vector<Row> limits_and_lengths() {
  std::vector<Row> rows;
  const Bytes whole = limited6(inner4(), limit(4));
  for (size_t n = 14 + 48; n < whole.size(); n++)
    rows.push_back(drop_row("FrameCutTo" + std::to_string(n), first(whole, n),
                            SLUICE_AGENT_DROP_OUTER_LENGTH));
  for (uint16_t n = 0; n < 8; n++)
    rows.push_back(drop_row("PayloadLength" + std::to_string(n),
                            in6(join(limit(4), inner4()), {.source = kBalancer6,
                                                           .destination = kLocal6,
                                                           .next_header = kDestinationOptions,
                                                           .payload_length = n}),
                            SLUICE_AGENT_DROP_OUTER_LENGTH));
  rows.push_back(drop_row("NothingInside", limited6({}, limit(4)), SLUICE_AGENT_DROP_INNER_LENGTH));
  rows.push_back(drop_row(
      "OfAStranger",
      in6(join(limit(4), inner4()),
          {.source = kClient6, .destination = kLocal6, .next_header = kDestinationOptions}),
      SLUICE_AGENT_DROP_SOURCE));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(LimitsAndLengths, Senders, testing::ValuesIn(limits_and_lengths()),
                         row_name);

// Katran: IPIP from 172.16/16 or 100::/64 and the client in the rest; GUE without a header of its
// own, the entropy in the source port. Packets with id 0, no flow label and no UDP checksum.
std::vector<Row> made_up_sources() {
  std::vector<Row> rows;
  for (const char* const source : {"172.16.0.0", "172.16.195.81", "172.31.255.255"})
    for (const Bytes& inner : {inner4(), inner6()}) {
      const Ipv4 ip = {.source = source, .destination = kLocal4, .id = 0};
      const std::string name = "Source" + std::to_string(rows.size());
      rows.push_back(open_row(name + "Ipip", in4(inner, ip), inner));
      rows.push_back(open_tunnel_row(name + "Gue", SLUICE_AGENT_TUNNEL_GUE,
                                     frame4(in_udp({.source = 31337, .port = kGuePort}, inner), ip),
                                     inner));
      rows.push_back(open_tunnel_row(name + "Fou", SLUICE_AGENT_TUNNEL_FOU,
                                     frame4(in_udp({.source = 0, .port = kFouPort}, inner), ip),
                                     inner));
    }
  for (const char* const source : {"100::", "100::c633:6407:1f90:0", "fd00::1", "fdff:ffff::7"})
    for (const Bytes& inner : {inner4(), inner6()}) {
      const Ipv6 ip = {.source = source, .destination = kLocal6};
      const std::string name = "Source" + std::to_string(rows.size());
      rows.push_back(open_row(name + "Ipip", in6(inner, ip), inner));
      rows.push_back(open_tunnel_row(name + "Gue", SLUICE_AGENT_TUNNEL_GUE,
                                     frame6(in_udp({.source = 31337, .port = kGuePort}, inner), ip),
                                     inner));
    }
  for (const char* const source : {"172.15.255.255", "172.32.0.0"})
    rows.push_back(drop_row("Stranger" + std::to_string(rows.size()),
                            in4(inner4(), {.source = source, .destination = kLocal4}),
                            SLUICE_AGENT_DROP_SOURCE));
  for (const char* const source : {"100:0:0:1::", "fc00::1", "fe80::1"})
    rows.push_back(drop_row("Stranger" + std::to_string(rows.size()),
                            in6(inner6(), {.source = source, .destination = kLocal6}),
                            SLUICE_AGENT_DROP_SOURCE));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(MadeUpSources, Senders, testing::ValuesIn(made_up_sources()), row_name);

}  // namespace
}  // namespace sluice::test
