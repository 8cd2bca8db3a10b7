// SPDX-License-Identifier: Apache-2.0
// Tunnel packets that GRO has merged without knowing the tunnel: all but the first would be lost.
#include "agent/tunnels.h"

namespace sluice::test {

void PrintTo(const Shape& shape, std::ostream* out) {
  *out << shape.name;
}

namespace {

class Merged : public testing::TestWithParam<Shape> {};

TEST_P(Merged, IsRefusedAtTc) {
  const Shape& s = GetParam();
  for (const Bytes& inner : {inner4(), inner6()})
    for (const bool outer_v6 : {false, true}) {
      SCOPED_TRACE(std::string("inner IPv") +
                   (inner[0] >> 4 == 6 ? "6, outer IPv" : "4, outer IPv") + (outer_v6 ? "6" : "4"));
      // The second one begins where the first ends.
      const Bytes both = join(inner, s.wrap(inner).bytes);
      const Bytes frame = outer_v6 ? frame6(s.wrap(both)) : frame4(s.wrap(both));
      check_row_at_tc(drop_row("Merged", frame, SLUICE_AGENT_DROP_MERGED), uint32_t(inner.size()));
      // Else it is what stands behind a packet, which the kernel cuts off.
      check_row_at_tc(open_tunnel_row("Trailer", s.kind, frame, inner, from(both, inner.size())));
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Merged, testing::ValuesIn(shapes()),
                         [](const auto& shape) { return shape.param.name; });

}  // namespace
}  // namespace sluice::test
