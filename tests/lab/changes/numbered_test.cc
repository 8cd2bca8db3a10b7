// SPDX-License-Identifier: Apache-2.0
#include "lab/changes/numbered_test.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "api/client.h"
#include "lab/sharing/neighbour.h"

namespace sluice::netns {
namespace {

constexpr unsigned kServices = 2;  // one for each of the topology's VIPs
constexpr unsigned kPool = 3;      // backends of a service in a generation
constexpr milliseconds kMeasured(500);
constexpr double kShare = 0.75;          // of what the lab carries: changes need the machine, too
constexpr double kLeastRate = 100e3;     // packets a second
constexpr double kEmulatedShare = 0.25;  // an emulated machine is slow at everything else, too
constexpr uint64_t kShown = 64;          // packets by which a generation shows at least
constexpr uint64_t kInFlight = 1024;     // places in the queues on the way

// Nobody is in both, and nobody serves two services.
unsigned first_backend(Generation g, unsigned service) {
  return 1 + kPool * (kServices * (unsigned(g) - 1) + service);
}

const char* forward_of(Generation g) {
  return g == Generation::kA ? "ipip" : "gue";
}

const std::string& address_of(const BackendHost& backend, Generation g) {
  return g == Generation::kA ? backend.v4 : backend.v6;
}

uint8_t protocol_of(Generation g, unsigned service) {
  if (g == Generation::kB) return IPPROTO_UDP;
  return service == 0 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

}  // namespace

bool soaking() {
  return getenv("SLUICE_SOAK") != nullptr;
}

std::string NumberedTest::config_of(const Shown& shown) {
  const Generation g = shown.generation;
  std::string pools, services;
  for (unsigned service = 0; service < kServices; service++) {
    pools += fmt::format("  pool{}:\n    backends:\n", service);
    for (unsigned n = 0; n < kPool; n++) {
      const BackendHost& b = topology_->backend(first_backend(g, service) + n);
      pools += fmt::format("      {}: {{address: \"{}\"}}\n", b.name, address_of(b, g));
    }
    services += fmt::format("  service{0}: {{vip: \"{1}\", ports: 9/udp, pool: pool{0}}}\n",
                            service, topology_->options().vips.at(service));
  }
  if (shown.range) services += "  range: {vip: 192.0.2.99, ports: 1000-1999/udp, pool: pool0}\n";
  return fmt::format(R"(version: 1
interfaces:
  {}: {{mode: {}, share: {}}}
defaults:
  forward: {}
  tracking: never
  seed: the lab's own secret
pools:
{}services:
{})",
                     kDevice, mode_, share_, forward_of(g), pools, services);
}

// A mark for each backend.
void NumberedTest::mark_ways() {
  for (const Generation g : {Generation::kA, Generation::kB})
    for (unsigned service = 0; service < kServices; service++)
      for (unsigned n = 0; n < kPool; n++) {
        const unsigned number = first_backend(g, service) + n;
        const std::string& address = address_of(topology_->backend(number), g);
        groups_[number] = unsigned(g);
        LAB_ASSERT_OK(sink_->mark({.stream = service,
                                   .to = IpAddress::parse(address).value(),
                                   .protocol = protocol_of(g, service)},
                                  number));
      }
}

std::unique_ptr<NumberedSender> NumberedTest::send(unsigned per_second) {
  NumberedOptions options = {
      .streams = {}, .to = {}, .per_second = per_second, .sink = sink_.get()};
  for (const std::string& vip : topology_->options().vips) options.streams.push_back({.vip = vip});
  const Result<LinkState> link = topology_->balancer().netlink().link(kDevice);
  EXPECT_TRUE(link) << link.error().message;
  if (!link) return nullptr;
  options.to = link->mac;
  Result<std::unique_ptr<NumberedSender>> sender =
      NumberedSender::start(topology_->router(), "balancer", options);
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
  mode_ = mode;
  share_ = share;
  if (share_)
    if (const Result<void> shares = try_sharing(topology_->balancer()); !shares)
      GTEST_SKIP() << shares.error().message;
  LAB_ASSERT_OK_AND(sink_, NumberedSink::create());
  for (BackendHost& b : topology_->backends()) LAB_ASSERT_OK(sink_->attach(*b.host, kDevice));
  ASSERT_NO_FATAL_FAILURE(mark_ways());
  ASSERT_NO_FATAL_FAILURE(write(shown_));
  LAB_ASSERT_OK(product_->start_daemon());
  ASSERT_EQ(attached_mode(), mode_);
  const nlohmann::json interface = status().at("interfaces").at(0);
  if (share_) {
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
  LAB_ASSERT_OK(product_->write_config(config_of(next)));
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
