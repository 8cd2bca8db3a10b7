// SPDX-License-Identifier: Apache-2.0
// Congestion marks that leave the tunnel: all of RFC 6040's table (section 4.2, figure 4).
#include "agent/fixture.h"

namespace sluice::test {
namespace {

class Ecn : public AgentPacket {};

TEST_P(Ecn, LeavesAsRfc6040Says) {
  check_row(GetParam());
}

constexpr uint8_t kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3;
constexpr int kLost = -1;
constexpr const char* kNames[] = {"NotEct", "Ect1", "Ect0", "Ce"};

struct Case {
  uint8_t inner, outer;
  int leaves;
};

constexpr Case kTable[] = {
    {kNotEct, kNotEct, kNotEct}, {kNotEct, kEct0, kNotEct},
    {kNotEct, kEct1, kNotEct},   {kNotEct, kCe, kLost},
    {kEct0, kNotEct, kEct0},     {kEct0, kEct0, kEct0},
    {kEct0, kEct1, kEct1},       {kEct0, kCe, kCe},
    {kEct1, kNotEct, kEct1},     {kEct1, kEct0, kEct1},
    {kEct1, kEct1, kEct1},       {kEct1, kCe, kCe},
    {kCe, kNotEct, kCe},         {kCe, kEct0, kCe},
    {kCe, kEct1, kCe},           {kCe, kCe, kCe},
};
static_assert(std::size(kTable) == 16);

// The DSCP of each header is another, and must stay where it is.
Bytes inner(bool v6, uint8_t ecn, uint16_t id = 1) {
  if (v6)
    return inner6({.source = kClient6,
                   .destination = kVip6,
                   .traffic_class = uint8_t(0x28 | ecn),
                   .flow_label = 0xabcde});
  return inner4({.source = kClient4, .destination = kVip4, .tos = uint8_t(0x28 | ecn), .id = id});
}

Bytes tunnel(bool v6, uint8_t ecn, const Bytes& packet) {
  const uint8_t tos = uint8_t(0xb8 | ecn);
  if (v6)
    return in6(packet, {.source = kBalancer6,
                        .destination = kLocal6,
                        .traffic_class = tos,
                        .flow_label = 0x12345});
  return in4(packet, {.source = kBalancer4, .destination = kLocal4, .tos = tos});
}

std::vector<Row> table() {
  std::vector<Row> rows;
  for (const bool outer_v6 : {false, true})
    for (const bool inner_v6 : {false, true})
      for (const Case& c : kTable) {
        const std::string name = std::string(inner_v6 ? "V6" : "V4") + kNames[c.inner] +
                                 (outer_v6 ? "InV6" : "InV4") + kNames[c.outer];
        const Bytes in = tunnel(outer_v6, c.outer, inner(inner_v6, c.inner));
        if (c.leaves == kLost)
          rows.push_back(drop_row(name, in, SLUICE_AGENT_DROP_ECN));
        else
          rows.push_back(open_row(name, in, inner(inner_v6, uint8_t(c.leaves))));
      }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Table, Ecn, testing::ValuesIn(table()), row_name);

// Identifications whose checksums are just before and behind a carry, for each way a mark changes.
std::vector<Row> carries() {
  std::vector<Row> rows;
  const Bytes probe = inner(false, kEct0, 0);
  const uint16_t sum = uint16_t(probe[10] << 8 | probe[11]);
  for (int offset = -3; offset <= 3; offset++) {
    const auto id = uint16_t(sum + offset);
    const std::string name = "Checksum" + std::to_string(offset + 3);
    rows.push_back(open_row(name + "Ect0ToCe", tunnel(false, kCe, inner(false, kEct0, id)),
                            inner(false, kCe, id)));
    rows.push_back(open_row(name + "Ect1ToCe", tunnel(false, kCe, inner(false, kEct1, id)),
                            inner(false, kCe, id)));
    rows.push_back(open_row(name + "Ect0ToEct1", tunnel(false, kEct1, inner(false, kEct0, id)),
                            inner(false, kEct1, id)));
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Carry, Ecn, testing::ValuesIn(carries()), row_name);

// A wrong inner checksum must not be made right.
Row wrong_checksum() {
  Bytes in = inner(false, kEct0), out = inner(false, kCe);
  in[11] ^= 0x40;
  out[11] ^= 0x40;
  return open_row("StaysWrong", tunnel(false, kCe, in), out);
}
INSTANTIATE_TEST_SUITE_P(WrongChecksum, Ecn, testing::Values(wrong_checksum()), row_name);

// Marked and judged: a packet that is dropped for another reason is counted for that one.
INSTANTIATE_TEST_SUITE_P(
    Order, Ecn,
    testing::Values(drop_row("NotOurVipComesFirst",
                             tunnel(false, kCe,
                                    inner4({.source = kClient4, .destination = "192.0.2.11"})),
                             SLUICE_AGENT_DROP_NOT_OUR_VIP)),
    row_name);

}  // namespace
}  // namespace sluice::test
