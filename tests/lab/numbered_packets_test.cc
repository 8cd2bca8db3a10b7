// SPDX-License-Identifier: Apache-2.0
// Whoever counts numbered packets notices each way in which they can go wrong.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/check.h"
#include "netns/link.h"
#include "netns/numbered_frame.h"
#include "netns/numbered_ledger.h"
#include "netns/numbered_sender.h"
#include "netns/numbered_sink.h"
#include "netns/topology.h"
#include "netns/wire.h"

namespace sluice::netns {
namespace {

constexpr unsigned kLink = 1, kRate = 20'000;

// One cable; the sink is at its other end.
class NumberedPackets : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces and BPF";
    LAB_ASSERT_OK_AND(lab_, Lab::create());
    LAB_ASSERT_OK_AND(near_, Host::create(*lab_, "near"));
    LAB_ASSERT_OK_AND(far_, Host::create(*lab_, "far"));
    LAB_ASSERT_OK_AND(link_,
                      Link::connect({.host = near_.get(), .device = kDevice, .addresses = {}},
                                    {.host = far_.get(), .device = kDevice, .addresses = {}},
                                    {.number = kLink, .mtu = 1500}));
    LAB_ASSERT_OK_AND(sink_, NumberedSink::create());
    LAB_ASSERT_OK(sink_->attach(*far_, kDevice));
    for (uint32_t stream = 0; stream < 2; stream++) ASSERT_NO_FATAL_FAILURE(mark(stream, 1));
  }
  void mark(uint32_t stream, unsigned mark) {
    LAB_ASSERT_OK(
        sink_->mark({.stream = stream, .to = vip(stream), .protocol = IPPROTO_UDP}, mark));
  }
  void begin(unsigned per_second = kRate) {
    LAB_ASSERT_OK_AND(sender_, NumberedSender::start(*near_, kDevice,
                                                     {.streams = {{kVip4}, {kVip6}},
                                                      .flows = 100,
                                                      .to = Link::mac(kLink, 2),
                                                      .per_second = per_second,
                                                      .sink = sink_.get()}));
    ledger_ =
        std::make_unique<NumberedLedger>(*sender_, *sink_, MarkGroups{{1, 1}, {2, 1}, {3, 2}});
    await([&] { return sender_->sent() > 1000; });
  }
  void await(const std::function<bool()>& done) {
    LAB_ASSERT_OK(wait_until(done, milliseconds(30000), "numbered packets"));
  }
  // One more packet with this number.
  void send(uint64_t number) {
    const uint32_t stream = number % 2;
    NumberedFrame frame({.from = Link::mac(kLink, 1),
                         .to = Link::mac(kLink, 2),
                         .vip = vip(stream),
                         .port = 9,
                         .stream = stream});
    frame.set(number, 0);
    const Result<UniqueFd> wire = open_wire(*near_, kDevice);
    LAB_ASSERT_OK(wire);
    const iovec bytes = frame.bytes();
    ASSERT_EQ(writev(wire->get(), &bytes, 1), ssize_t(bytes.iov_len));
  }
  NumberedReport end() {
    sender_->stop();
    return ledger_->close();
  }
  static IpAddress vip(uint32_t stream) { return *IpAddress::parse(stream ? kVip6 : kVip4); }

  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Host> near_, far_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<NumberedSink> sink_;
  std::unique_ptr<NumberedSender> sender_;
  std::unique_ptr<NumberedLedger> ledger_;
};

TEST_F(NumberedPackets, ArriveOnceEachFlatOut) {
  ASSERT_NO_FATAL_FAILURE(begin(/*per_second=*/0));
  // More than one window of the sink.
  await([&] { return sender_->sent() > NumberedSink::kWindow * 5 / 4; });
  const NumberedReport report = end();
  RecordProperty("kpps", int(sender_->rate() / 1000));
  EXPECT_EQ(report.sent, sender_->sent());
  EXPECT_EQ(report.lost + report.duplicated + report.strays + report.moved, 0u) << report.text();
  EXPECT_EQ(report.cuts.size(), 0u);
  EXPECT_FALSE(report.overrun);
}

TEST_F(NumberedPackets, AreNotSentFasterThanAsked) {
  ASSERT_NO_FATAL_FAILURE(begin());
  LAB_ASSERT_OK(pause_for(milliseconds(300)));
  end();
  EXPECT_LE(sender_->rate(), kRate * 1.02);
}

TEST_F(NumberedPackets, OneThatIsLostIsLost) {
  ASSERT_NO_FATAL_FAILURE(begin());
  sink_->take(700);
  const NumberedReport report = end();
  EXPECT_EQ(report.lost, 1u);
  EXPECT_EQ(report.first_lost, std::vector<uint64_t>{700});
  EXPECT_EQ(report.duplicated, 0u);
}

TEST_F(NumberedPackets, ASecondOneIsADuplicate) {
  ASSERT_NO_FATAL_FAILURE(begin());
  ASSERT_NO_FATAL_FAILURE(send(700));
  EXPECT_EQ(sink_->look_at(700).times, 2u);
  EXPECT_EQ(end().duplicated, 1u);
}

TEST_F(NumberedPackets, ASecondOneIsADuplicateHoweverLate) {
  ASSERT_NO_FATAL_FAILURE(begin());
  await([&] { return ledger_->settled() > 701; });
  ASSERT_NO_FATAL_FAILURE(send(700));
  ASSERT_NO_FATAL_FAILURE(send(701));
  EXPECT_EQ(end().duplicated, 2u);
}

TEST_F(NumberedPackets, OneByAWayNobodyNamedIsAStray) {
  ASSERT_NO_FATAL_FAILURE(begin());
  ASSERT_NO_FATAL_FAILURE(mark(0, NumberedSink::kStray));
  const uint64_t since = sender_->begun();
  await([&] { return sender_->sent() > since + 1000; });
  const NumberedReport report = end();
  EXPECT_GE(report.strays, 500u);  // every other one
  EXPECT_EQ(report.lost, 0u);
}

TEST_F(NumberedPackets, OfAFlowThatChangesItsWayHaveMoved) {
  ASSERT_NO_FATAL_FAILURE(begin());
  ASSERT_NO_FATAL_FAILURE(mark(0, 2));
  const uint64_t since = sender_->begun();
  await([&] { return sender_->sent() > since + 1000; });
  const NumberedReport report = end();
  EXPECT_EQ(report.moved, 100u);  // each flow, once
  EXPECT_EQ(report.cuts.size(), 0u);
}

TEST_F(NumberedPackets, MakeACutWhereTheirGroupChanges) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const uint64_t after = sender_->sent();
  ASSERT_NO_FATAL_FAILURE(mark(0, 3));
  const uint64_t before = sender_->begun();
  await([&] { return sender_->sent() > before + 1000; });
  const NumberedReport report = end();
  // The other stream does not go over: there and back with every packet.
  ASSERT_GE(report.cuts.size(), 1000u);
  EXPECT_GE(report.cuts[0].number, after);
  EXPECT_LE(report.cuts[0].number, before + 1);
  EXPECT_EQ(report.cuts[0].to, 2u);
  EXPECT_EQ(report.moved, 0u);
}

}  // namespace
}  // namespace sluice::netns
