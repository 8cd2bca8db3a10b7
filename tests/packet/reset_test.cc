// SPDX-License-Identifier: Apache-2.0
// A service without a usable backend whose policy is to reset: what TCP is answered (RFC 9293,
// 3.10.7.1), and what is not.
#include <linux/bpf.h>
#include <netinet/in.h>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPush = 0x08, kAck = 0x10, kUrgent = 0x20;
constexpr uint32_t kSequence = 0x89abcdef, kAcknowledgement = 0x12345678;

Scenario nobody() {
  Scenario s = one_backend(false);
  s.config.pools["pool"].backends.clear();
  s.config.services[0].empty = EmptyPolicy::kReset;
  return s;
}

Ipv4 to_vip4() {
  return {.source = kClient4, .destination = kVip4};
}
Ipv6 to_vip6() {
  return {.source = kClient6, .destination = kVip6};
}
Tcp segment(uint8_t flags) {
  return {31337, 80, flags, kSequence, kAcknowledgement};
}
Bytes in4(Tcp tcp, size_t payload = 0, Ipv4 ip = to_vip4()) {
  return frame4(std::move(ip)).tcp(std::move(tcp)).payload(payload).build();
}
Bytes in6(Tcp tcp, size_t payload = 0, Ipv6 ip = to_vip6()) {
  return frame6(std::move(ip)).tcp(std::move(tcp)).payload(payload).build();
}

Bytes reset4(Tcp tcp) {
  return PacketBuilder()
      .ethernet(kRouterMac, kOurMac)
      .ipv4({.source = kVip4, .destination = kClient4, .id = 0, .fragment = 0x4000})
      .tcp(std::move(tcp))
      .build();
}
Bytes reset6(Tcp tcp) {
  return PacketBuilder()
      .ethernet(kRouterMac, kOurMac)
      .ipv6({.source = kVip6, .destination = kClient6})
      .tcp(std::move(tcp))
      .build();
}
// In answer to what acknowledges, and to what does not.
Tcp at(uint32_t sequence) {
  return {80, 31337, kRst, sequence, 0, /*window=*/0};
}
Tcp acknowledging(uint32_t next) {
  return {80, 31337, kRst | kAck, 0, next, /*window=*/0};
}

Row answered(std::string name, Bytes in, Bytes out) {
  return {std::move(name),
          nobody(),
          std::move(in),
          {.action = XDP_TX, .reply = SLUICE_REPLY_RESET, .out = std::move(out)}};
}
Row unanswered(std::string name, Bytes in, sluice_drop_reason why = SLUICE_DROP_NO_MEMBER) {
  return {std::move(name), nobody(), std::move(in), {.action = XDP_DROP, .drop = why}};
}
Row other_policy(std::string name, EmptyPolicy policy, Expect expect) {
  Row r = {std::move(name), nobody(), in4(segment(kSyn)), std::move(expect)};
  r.setup.config.services[0].empty = policy;
  return r;
}

class Reset : public PacketTest {};

TEST_P(Reset, AnswersWhatItMust) {
  check_row(GetParam());
}

// One kind of segment in both families.
std::vector<Row> both(const std::string& name, const Tcp& tcp, size_t payload, const Tcp& answer) {
  return {answered(name + "4", in4(tcp, payload), reset4(answer)),
          answered(name + "6", in6(tcp, payload), reset6(answer))};
}
Tcp with_options(uint8_t flags) {
  Tcp t = segment(flags);
  t.options = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};
  return t;
}
Tcp from_sequence(uint32_t sequence, uint8_t flags) {
  Tcp t = segment(flags);
  t.sequence = sequence;
  return t;
}

std::vector<Row> segments() {
  std::vector<Row> rows;
  const auto add = [&](const std::string& name, const Tcp& tcp, size_t payload, const Tcp& answer) {
    for (Row& r : both(name, tcp, payload, answer)) rows.push_back(std::move(r));
  };
  add("Syn", segment(kSyn), 0, acknowledging(kSequence + 1));
  add("SynWithOptions", with_options(kSyn), 0, acknowledging(kSequence + 1));
  add("SynWithData", with_options(kSyn), 99, acknowledging(kSequence + 1 + 99));
  add("SynThatAsksForEcn", segment(0xc0 | kSyn), 0, acknowledging(kSequence + 1));
  add("SynAtTheLastSequence", from_sequence(0xffffffff, kSyn), 0, acknowledging(0));
  add("DataOverTheLastSequence", from_sequence(0xfffffff0, kPush), 0x20, acknowledging(0x10));
  add("SynAck", segment(kSyn | kAck), 0, at(kAcknowledgement));
  add("Ack", segment(kAck), 0, at(kAcknowledgement));
  add("AckWithData", with_options(kPush | kAck), 700, at(kAcknowledgement));
  add("FinAck", segment(kFin | kAck), 0, at(kAcknowledgement));
  add("Fin", segment(kFin), 0, acknowledging(kSequence + 1));
  add("SynFinWithOddData", segment(kSyn | kFin), 33, acknowledging(kSequence + 2 + 33));
  add("NoFlags", segment(0), 0, acknowledging(kSequence));
  add("NoFlagsButData", segment(kPush | kUrgent), 1400, acknowledging(kSequence + 1400));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Segment, Reset, testing::ValuesIn(segments()), row_name);

Tcp saying_words(uint8_t words) {
  Tcp t = segment(kSyn);
  t.words = words;
  return t;
}

INSTANTIATE_TEST_SUITE_P(
    Never, Reset,
    testing::Values(unanswered("AReset4", in4(segment(kRst))),
                    unanswered("AReset6", in6(segment(kRst))),
                    unanswered("AResetAck4", in4(segment(kRst | kAck), 9)),
                    unanswered("AResetAck6", in6(segment(kRst | kAck), 9)),
                    unanswered("ASynReset", in4(segment(kSyn | kRst))),
                    unanswered("AHeaderOf16Bytes", in4(saying_words(4), 40)),
                    unanswered("AHeaderLongerThanItsPacket4", in4(saying_words(6), 3)),
                    unanswered("AHeaderLongerThanItsPacket6", in6(saying_words(15), 39)),
                    unanswered("Udp4", frame4(to_vip4()).udp({5353, 443}).payload(20).build()),
                    unanswered("Udp6", frame6(to_vip6()).udp({5353, 443}).payload(20).build())),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    OtherPolicy, Reset,
    testing::Values(other_policy("Drop", EmptyPolicy::kDrop,
                                 {.action = XDP_DROP, .drop = SLUICE_DROP_NO_MEMBER}),
                    other_policy("Pass", EmptyPolicy::kPass,
                                 {.action = XDP_PASS, .pass = SLUICE_PASS_EMPTY})),
    row_name);

// ---- What stands around the segment.

Bytes with_tags(const Bytes& frame, const Bytes& tags) {
  return join(join(first(frame, 12), tags), from(frame, 12));
}
std::vector<Row> tagged_rows() {
  const std::pair<const char*, Bytes> kTags[] = {
      {"OneTag", {0x81, 0, 0xe0, 5}},
      {"ServiceTag", {0x88, 0xa8, 0, 7}},
      {"QinQ", {0x88, 0xa8, 0x60, 7, 0x81, 0, 0, 5}},
      {"TwoCustomerTags", {0x81, 0, 0, 7, 0x81, 0, 0x20, 5}},
  };
  std::vector<Row> rows;
  for (const auto& [name, tags] : kTags)
    for (const Tcp& tcp : {segment(kSyn), with_options(kSyn)}) {
      const std::string kind = name + std::string(tcp.options.empty() ? "" : "AndOptions");
      const Tcp answer = acknowledging(kSequence + 1);
      rows.push_back(
          answered(kind + "4", with_tags(in4(tcp), tags), with_tags(reset4(answer), tags)));
      rows.push_back(
          answered(kind + "6", with_tags(in6(tcp), tags), with_tags(reset6(answer), tags)));
    }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Vlan, Reset, testing::ValuesIn(tagged_rows()), row_name);

Row around4(const std::string& name, Ipv4 ip) {
  return answered(name, in4(with_options(kSyn), 11, std::move(ip)),
                  reset4(acknowledging(kSequence + 1 + 11)));
}
// Ethernet's padding is no data of the segment's.
Row padded4() {
  return answered("Padding4", join(in4(segment(kSyn)), Bytes(6, 0xee)),
                  reset4(acknowledging(kSequence + 1)));
}
Row padded6() {
  return answered("Padding6", join(in6(segment(kFin)), Bytes(46, 0xee)),
                  reset6(acknowledging(kSequence + 1)));
}
Bytes record_route(size_t bytes) {
  Bytes options(bytes, 0);
  options[0] = 7;
  options[1] = uint8_t(bytes - 1);
  options[2] = 4;
  return options;
}
Ipv4 with(Ipv4 ip, uint8_t tos, uint8_t ttl, uint16_t fragment, Bytes options) {
  ip.tos = tos;
  ip.ttl = ttl;
  ip.fragment = fragment;
  ip.options = std::move(options);
  return ip;
}
Row class_and_limit6() {
  Ipv6 ip = to_vip6();
  ip.traffic_class = 0xbb;
  ip.flow_label = 0x54321;
  ip.hop_limit = 1;
  return answered("ClassLabelAndLimit6", in6(segment(kAck), 0, ip), reset6(at(kAcknowledgement)));
}

INSTANTIATE_TEST_SUITE_P(
    Around, Reset,
    testing::Values(padded4(), padded6(), class_and_limit6(),
                    around4("TosAndTtl4", with(to_vip4(), 0xbb, 1, 0x4000, {})),
                    around4("Options4", with(to_vip4(), 0, 9, 0, record_route(8))),
                    around4("AllOptions4", with(to_vip4(), 0xff, 255, 0, record_route(40)))),
    row_name);

// `chain` begins with a header of type `proto` and ends in front of the segment.
Row chained(const std::string& name, uint8_t proto, const Bytes& chain) {
  Ipv6 ip = to_vip6();
  ip.next_header = proto;
  const Bytes whole = in6(with_options(kSyn), 7);
  const Bytes in = frame6(ip).payload(join(chain, from(whole, 14 + 40))).build();
  return answered(name, in, reset6(acknowledging(kSequence + 1 + 7)));
}
const Bytes kHopByHop = {IPPROTO_DSTOPTS, 0, 1, 4, 0, 0, 0, 0};
const Bytes kDestination = {IPPROTO_TCP, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
const Bytes kAtomic = {IPPROTO_TCP, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef};

Bytes long_options() {
  Bytes header(8 * 128, 0);
  header[0] = IPPROTO_TCP;
  header[1] = 127;  // and Pad1 all over
  return header;
}
Row tagged_chain() {
  Row r = chained("ChainBehindTags", IPPROTO_HOPOPTS, join(kHopByHop, kDestination));
  const Bytes tags = {0x88, 0xa8, 0, 7, 0x81, 0, 0, 5};
  r.in = with_tags(r.in, tags);
  r.expect.out = with_tags(r.expect.out, tags);
  return r;
}
INSTANTIATE_TEST_SUITE_P(Chain, Reset,
                         testing::Values(chained("Destination", IPPROTO_DSTOPTS, kDestination),
                                         chained("HopByHopAndDestination", IPPROTO_HOPOPTS,
                                                 join(kHopByHop, kDestination)),
                                         chained("AtomicFragment", IPPROTO_FRAGMENT, kAtomic),
                                         chained("AKilobyte", IPPROTO_DSTOPTS, long_options()),
                                         tagged_chain()),
                         row_name);

// ---- What is only a part of something.

Bytes first_fragment6() {
  Ipv6 ip = to_vip6();
  ip.next_header = IPPROTO_FRAGMENT;
  const Bytes segment_only = from(in6(segment(kSyn), 12), 14 + 40);  // 32 bytes, as fragments are
  return frame6(ip).payload(join({IPPROTO_TCP, 0, 0, 1, 0, 0, 0, 9}, segment_only)).build();
}
// Errors that would do as a SYN of 20 bytes of header, if they were taken for one.
constexpr uint16_t kLooksLikeSyn = 0x5000 | kSyn;

Bytes error4() {
  const Bytes quote = PacketBuilder()
                          .ipv4({.source = kVip4, .destination = kClient4, .id = kLooksLikeSyn})
                          .tcp({80, 31337})
                          .build();
  Bytes message = join({3, 1, 0, 0, 0, 0, 0, 0}, quote);
  const uint16_t sum = internet_checksum(message);
  message[2] = uint8_t(sum >> 8);
  message[3] = uint8_t(sum);
  return frame4({.source = "198.51.100.254", .destination = kVip4, .protocol = IPPROTO_ICMP})
      .payload(message)
      .build();
}
Bytes error6() {
  const Bytes quote =
      PacketBuilder()
          .ipv6({.source = kVip6, .destination = kClient6, .payload_length = kLooksLikeSyn})
          .tcp({80, 31337})
          .build();
  return frame6({.source = "2001:db8:c::fe", .destination = kVip6, .next_header = IPPROTO_ICMPV6})
      .payload(join({1, 0, 0x12, 0x34, 0, 0, 0, 0}, quote))
      .build();
}
INSTANTIATE_TEST_SUITE_P(
    Part, Reset,
    testing::Values(
        unanswered("FirstFragment4", in4(segment(kSyn), 12, with(to_vip4(), 0, 64, 0x2000, {}))),
        unanswered("FirstFragment6", first_fragment6()),
        unanswered("LaterFragment4", in4(segment(kSyn), 12, with(to_vip4(), 0, 64, 0x0010, {})),
                   SLUICE_DROP_FRAGMENT),
        unanswered("IcmpError4", error4()), unanswered("IcmpError6", error6())),
    row_name);

TEST(ResetOfParts, ALaterFragmentOfAKnownDatagramIsNotAnswered) {
  Loaded loaded(nobody());
  ASSERT_TRUE(loaded.ok());
  for (uint16_t bits : {0x2000, 0x0004})
    EXPECT_EQ(loaded.run(in4(segment(kSyn), 12, with(to_vip4(), 0, 64, bits, {}))).action,
              XDP_DROP);
  const Counters c = loaded.counters();
  EXPECT_EQ(c.drops[SLUICE_DROP_NO_MEMBER], 2u);
  EXPECT_EQ(c.replies[SLUICE_REPLY_RESET], 0u);
}

// ---- How many.

TEST(ResetRate, IsLimited) {
  Loaded loaded(nobody(), {.replies_per_second = 10});
  ASSERT_TRUE(loaded.ok());
  int sent = 0;
  for (int i = 0; i < 200; i++) sent += loaded.run(in4(segment(kSyn))).action == XDP_TX;
  EXPECT_GE(sent, 1);
  EXPECT_LE(sent, 10) << "two CPUs at most, and a tenth of a second's burst each";
  const Counters c = loaded.counters();
  EXPECT_EQ(c.replies[SLUICE_REPLY_RESET], uint64_t(sent));
  EXPECT_EQ(c.drops[SLUICE_DROP_RATE], uint64_t(200 - sent));
}

TEST(ResetRate, IsNotUsedUpByWhatGetsNoAnswer) {
  Loaded loaded(nobody(), {.replies_per_second = 1});
  ASSERT_TRUE(loaded.ok());
  for (int i = 0; i < 100; i++) EXPECT_EQ(loaded.run(in4(segment(kRst | kAck))).action, XDP_DROP);
  EXPECT_EQ(loaded.run(in4(segment(kSyn))).action, XDP_TX);
  EXPECT_EQ(loaded.counters().drops[SLUICE_DROP_NO_MEMBER], 100u);
}

TEST(ResetRate, OfZeroAnswersNobody) {
  Loaded loaded(nobody(), {.replies_per_second = 0});
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(in4(segment(kSyn))).action, XDP_DROP);
  EXPECT_EQ(loaded.counters().drops[SLUICE_DROP_RATE], 1u);
}

// With a backend there is nothing to reset; the last one's going and coming counts at once.
TEST(ResetPolicy, HoldsOnlyWhileNobodyIsThere) {
  Scenario somebody = one_backend(false), weightless = somebody, unresolved = somebody;
  for (Scenario* s : {&somebody, &weightless, &unresolved})
    s->config.services[0].empty = EmptyPolicy::kReset;
  weightless.config.pools["pool"].backends[0].weight = 0;
  unresolved.next_hops.clear();
  const Bytes in = in4(segment(kAck), 50);
  Loaded loaded(somebody);
  ASSERT_TRUE(loaded.ok());
  for (const Scenario& gone : {weightless, unresolved}) {
    EXPECT_EQ(outer_destination4(loaded.run(in).packet), "203.0.113.11");
    loaded.publish(gone);
    EXPECT_EQ(loaded.run(in).packet, reset4(at(kAcknowledgement)));
    loaded.publish(somebody);
  }
  EXPECT_EQ(loaded.counters().replies[SLUICE_REPLY_RESET], 2u);
}

// Carries that fold wrongly show in few of the sums.
TEST(ResetChecksum, IsRightForEverySum) {
  Loaded loaded(nobody(), {.replies_per_second = 1000000000});
  ASSERT_TRUE(loaded.ok());
  for (uint32_t low = 0; low < 65536; low += low < 64 || low > 65472 ? 1 : 997) {
    Tcp tcp = segment(kAck);
    tcp.acknowledgement = 0xffff0000 | low;
    ASSERT_EQ(loaded.run(in4(tcp)).packet, reset4(at(tcp.acknowledgement))) << low;
    ASSERT_EQ(loaded.run(in6(tcp)).packet, reset6(at(tcp.acknowledgement))) << low;
  }
}

}  // namespace
}  // namespace sluice::test
