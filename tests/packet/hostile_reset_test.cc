// SPDX-License-Identifier: Apache-2.0
// Hostile segments for a service without a backend that resets: what we build ourselves must be
// right whatever it answers.
#include <netinet/in.h>

#include "packet/hostile.h"
#include "support/mutate.h"

namespace sluice::test {
namespace {

const std::string kClosed4 = "192.0.2.30", kClosed6 = "2001:db8::30";
constexpr size_t kMutants = 2000;  // of each seed

World with_closed_service() {
  World w = worlds()[0];
  w.name = "a service without a backend";
  Config& config = w.setup.config;
  config.pools["nobody"] = {.name = "nobody"};
  config.services.push_back({.name = "closed",
                             .vips = {*IpPrefix::parse(kClosed4), *IpPrefix::parse(kClosed6)},
                             .ports = {PortRange::any(0)},
                             .pool = "nobody",
                             .empty = EmptyPolicy::kReset});
  return w;
}

void check(const std::string& name, const Frames& frames) {
  HostileRun run(name);
  ASSERT_TRUE(run.ok());
  run.enter(with_closed_service());
  for (const Hostile& h : frames) run.run(h);
  run.finish();
}

Bytes to_closed4(const Tcp& tcp, size_t payload) {
  return frame4({.source = kClient4, .destination = kClosed4}).tcp(tcp).payload(payload).build();
}
Bytes to_closed6(const Tcp& tcp, size_t payload) {
  return frame6({.source = kClient6, .destination = kClosed6}).tcp(tcp).payload(payload).build();
}
// The segment behind a hop-by-hop header and one with options for the destination.
Bytes chained(const Tcp& tcp, size_t payload) {
  const Bytes options = {60, 0, 1, 4, 0, 0, 0, 0, 6, 1, 1, 12};
  const Bytes segment = from(to_closed6(tcp, payload), 14 + 40);
  return frame6({.source = kClient6, .destination = kClosed6, .next_header = 0})
      .payload(join(join(options, Bytes(12)), segment))
      .build();
}

TEST(HostileReset, EveryCombinationOfFlagsIsAnsweredUnlessItResets) {
  Frames frames;
  for (int flags = 0; flags < 256; flags++)
    for (size_t payload : {0u, 7u}) {
      const Tcp tcp = {9, 80, uint8_t(flags), 0xfffffffb, 0x80000000};
      const Must must = flags & 0x04 ? Must::kBeDropped : Must::kBeAnswered;
      const std::string name = "flags " + std::to_string(flags);
      for (const Bytes& b : {to_closed4(tcp, payload), to_closed6(tcp, payload)})
        frames.push_back({name, b, must});
    }
  check("flags to a service that resets", frames);
}

TEST(HostileReset, AHeaderThatDoesNotFitItsSegmentIsNotAnswered) {
  Frames frames;
  for (uint8_t words = 0; words < 16; words++)
    for (size_t payload = 0; payload <= 44; payload++) {
      const Tcp tcp = {.source = 9, .destination = 80, .flags = 0x02, .words = words};
      const bool fits = words >= 5 && words * 4u <= 20 + payload;
      for (const Bytes& b : {to_closed4(tcp, payload), chained(tcp, payload)})
        frames.push_back({"header of " + std::to_string(words) + " words", b,
                          fits ? Must::kBeAnswered : Must::kBeDropped});
    }
  check("header lengths to a service that resets", frames);
}

std::vector<Bytes> originals() {
  const Tcp syn = {.source = 9, .destination = 80, .flags = 0x02, .options = Bytes(8, 1)};
  const Tcp ack = {.source = 9, .destination = 80, .acknowledgement = 0xffff0000};
  const Ipv4 ip4 = {.source = kClient4, .destination = kClosed4};
  Ipv4 options = ip4, part = ip4;
  options.options = Bytes(12, 1);
  part.fragment = 0x2000;
  Ipv6 chain = {.source = kClient6, .destination = kClosed6, .next_header = 44};
  const Bytes segment = from(to_closed6(syn, 20), 14 + 40), fragment = {6, 0, 0, 0, 1, 2, 3, 4};
  std::vector<Bytes> all = {
      to_closed4(syn, 0),
      to_closed6(syn, 0),
      to_closed4(ack, 700),
      to_closed6(ack, 701),
      chained(syn, 3),
      frame4(options).tcp(syn).payload(5).build(),
      frame4(part).tcp(syn).payload(4).build(),
      frame6(chain).payload(join(fragment, segment)).build(),
      frame4(ip4).udp({9, 53}).payload(30).build(),
      icmp_frame4(icmp4(3, 4, 1400, reply_of4(kClosed4, 8)), ip4),
  };
  all.push_back(tagged(all[0], {0x81, 0, 0, 7}));
  all.push_back(tagged(all[4], {0x88, 0xa8, 0, 5, 0x81, 0, 0, 7}));
  all.push_back(join(all[0], Bytes(6)));
  return all;
}

TEST(HostileReset, AFrameCutAnywhereIsNotAnswered) {
  Frames frames;
  for (const Bytes& whole : {to_closed4({9, 80}, 9), to_closed6({9, 80}, 9), chained({9, 80}, 9)})
    for (size_t n = 14; n < whole.size(); n++)
      frames.push_back({"cut to " + std::to_string(n), first(whole, n), Must::kNotBeSent});
  check("cut frames to a service that resets", frames);
}

class HostileResetMutation : public testing::TestWithParam<uint32_t> {};

TEST_P(HostileResetMutation, NeverGoesWrong) {
  Frames frames;
  for (const Mutant& m : mutants(originals(), GetParam(), kMutants))
    frames.push_back({m.name, m.frame});
  check("mutants to a service that resets, seed " + std::to_string(GetParam()), frames);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HostileResetMutation, testing::Values(1u, 20261125u));

}  // namespace
}  // namespace sluice::test
