// SPDX-License-Identifier: Apache-2.0
#include "lab/changes/numbered_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "api/client.h"
#include "lab/sharing/neighbour.h"

namespace sluice::netns {
namespace {

constexpr milliseconds kMeasured(500);
constexpr double kShare = 0.75;          // of what the lab carries: changes need the machine, too
constexpr double kLeastRate = 100e3;     // packets a second
constexpr double kEmulatedShare = 0.25;  // an emulated machine is slow at everything else, too
constexpr uint64_t kShown = 64;          // packets by which a generation shows at least
constexpr uint64_t kInFlight = 1024;     // places in the queues on the way

}  // namespace

bool soaking() {
  return getenv("SLUICE_SOAK") != nullptr;
}

std::unique_ptr<NumberedSender> NumberedTest::send(unsigned per_second) {
  Result<std::unique_ptr<NumberedSender>> sender = send_numbered(*topology_, *sink_, per_second);
  EXPECT_TRUE(sender) << sender.error().message;
  return sender ? std::move(*sender) : nullptr;
}

// While nothing changes, as fast as it goes.
void NumberedTest::measure_the_lab() {
  const std::unique_ptr<NumberedSender> sender = send(0);
  ASSERT_TRUE(sender);
  NumberedLedger ledger(*sender, *sink_, groups_);
  LAB_ASSERT_OK(pause_for(kMeasured));
  sender->stop();
  lab_rate_ = sender->rate();
  const NumberedReport report = ledger.close();
  ASSERT_EQ(report.lost + report.duplicated + report.strays, 0u)
      << "the lab itself, at " << lab_rate_ << " packets a second: " << report.text();
}

void NumberedTest::begin(const std::string& mode, bool share) {
  attachment_ = {.mode = mode, .share = share};
  if (share)
    if (const Result<void> shares = try_sharing(topology_->balancer()); !shares)
      GTEST_SKIP() << shares.error().message;
  LAB_ASSERT_OK_AND(sink_, NumberedSink::create());
  LAB_ASSERT_OK_AND(groups_, attach_sink(*topology_, *sink_));
  ASSERT_NO_FATAL_FAILURE(write(shown_));
  LAB_ASSERT_OK(product_->start_daemon());
  ASSERT_EQ(attached_mode(), mode);
  const nlohmann::json interface = status().at("interfaces").at(0);
  if (share) {
    ASSERT_EQ(interface.at("by"), "dispatcher") << interface;
  }
  ASSERT_NO_FATAL_FAILURE(measure_the_lab());
  sender_ = send(
      unsigned(emulated() ? lab_rate_ * kEmulatedShare : std::max(lab_rate_ * kShare, kLeastRate)));
  ASSERT_TRUE(sender_);
  ledger_ = std::make_unique<NumberedLedger>(*sender_, *sink_, groups_);
  LAB_ASSERT_OK(pause_for(milliseconds(100)));
  began_ = Clock::now();
}

void NumberedTest::write(const Shown& next) {
  LAB_ASSERT_OK(product_->write_config(generation_config(*topology_, next, attachment_)));
}

void NumberedTest::change_to(const Shown& next) {
  expect_cut(next.generation, [&] {
    ASSERT_NO_FATAL_FAILURE(write(next));
    LAB_ASSERT_OK(api::post(product_->socket_path(), "/v1/reload"));
  });
  shown_ = next;
}

void NumberedTest::expect_cut(Generation next, const std::function<void()>& change) {
  const uint64_t after = sender_->sent();
  change();
  const uint64_t before = sender_->begun();
  if (next != shown_.generation) turns_.push_back({.after = after, .before = before, .to = next});
  shown_.generation = next;
  LAB_ASSERT_OK(wait_until([&] { return sink_->progress() > before + kShown; }, milliseconds(10000),
                           "packets to arrive that were sent after a change"));
}

void NumberedTest::expect_clean_cuts(const std::vector<Cut>& cuts) {
  EXPECT_EQ(cuts.size(), turns_.size());
  for (size_t i = 0; i < std::min(cuts.size(), turns_.size()); i++) {
    const Cut& cut = cuts[i];
    const Turn& turn = turns_[i];
    if (cut.to == unsigned(turn.to) && cut.number + kInFlight >= turn.after &&
        cut.number <= turn.before)
      continue;
    ADD_FAILURE() << "cut " << i << " is at packet " << cut.number << " to generation " << cut.to
                  << ", and should be between " << turn.after << " and " << turn.before << " to "
                  << unsigned(turn.to);
    break;
  }
}

uint64_t NumberedTest::dropped_by_links() {
  uint64_t sum = 0;
  const auto add = [&](Host& host, const std::string& device) {
    const Result<LinkState> link = host.netlink().link(device);
    EXPECT_TRUE(link) << link.error().message;
    if (link) sum += link->tx_dropped;
  };
  add(topology_->balancer(), kDevice);
  add(topology_->router(), "balancer");
  for (const BackendHost& b : topology_->backends()) add(topology_->router(), b.name);
  return sum;
}

void NumberedTest::end(const std::string& what, size_t count) {
  const std::chrono::duration<double, std::milli> took = Clock::now() - began_;
  LAB_ASSERT_OK(pause_for(milliseconds(100)));
  sender_->stop();
  const NumberedReport report = ledger_->close();
  fmt::print(
      "{} {}: {:.0f} kpps of {:.0f}, {} of {} expected, {:.1f} ms each; longest pause {} ms\n",
      count, what, sender_->rate() / 1e3, lab_rate_ / 1e3, report.text(), turns_.size(),
      took.count() / double(count), sender_->longest_pause().count());
  if (soaking()) {  // alone on the machine
    EXPECT_GE(sender_->rate(), kLeastRate);
  }
  EXPECT_FALSE(report.overrun);
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.duplicated, 0u);
  EXPECT_EQ(report.strays, 0u);
  EXPECT_EQ(report.moved, 0u);
  expect_clean_cuts(report.cuts);
  EXPECT_EQ(dropped(), 0u);
  if (HasFailure())
    ADD_FAILURE() << dropped_by_links() << " dropped by the lab's links; sluiced wrote:\n"
                  << product_->daemon().output();
}

bool NumberedTest::emulated() const {
  return lab_rate_ < kLeastRate;
}

Holdings NumberedTest::holdings() {
  const Result<Holdings> held = holdings_of(product_->daemon().pid());
  EXPECT_TRUE(held) << held.error().message;
  return held ? *held : Holdings{};
}

// Connections and timers of the last change are closed a moment later.
Holdings NumberedTest::holdings_at_rest() {
  std::this_thread::sleep_for(milliseconds(300));
  return holdings();
}

}  // namespace sluice::netns
