// SPDX-License-Identifier: Apache-2.0
// What a daemon leaves to the next one: written and read, and read when it is damaged.
#include "daemon/saved_state.h"

#include <gtest/gtest.h>

#include "plan/example.h"

namespace sluice::test {
namespace {

const Layout kLayout = {
    .tables = "t", .flows = "f", .programs = {{Hook::kXdp, "x"}, {Hook::kTc, "c"}}, .maps = {}};

// A past with all there can be: windows, tails, members that left, counters.
struct Story {
  Example example;
  History history;
  Capacity capacity;
  Make made = {
      .seed = "seed", .ring_size = 251, .flows = 4096, .features = {}, .hooks = {Hook::kTc}};
  Ledger::Sums ledger;
  Time now = Time(std::chrono::seconds(1000));

  Story() {
    example.config.drain = std::chrono::seconds(60);
    example.config.services.push_back(Example::service("dns", {"192.0.2.0/28"}, {53}));
    example.config.services.back().ports = {PortRange{1000, 2000, IPPROTO_UDP}};
    example.config.services.back().tracking = Tracking::kAlways;
    example.add("203.0.113.13");
    example.config.pools["web"].backends.back().forward = {
        .tunnel = Tunnel::kGue, .source_v4 = IpPrefix::parse("10.7.0.0/16"), .port = 6080};
    capacity = example.capacity();
    publish();
    example.remove("203.0.113.11");
    now += std::chrono::seconds(1);
    publish();
    ledger.services["shop"] = {7, 700};
    ledger.reasons.drops[1] = 3;
    ledger.flow_events[0] = 5;
  }
  void publish() {
    History::Next next = history.next(example.config, example.hops, {}, now);
    Plan plan = make_plan(history.live(), std::move(next.image), capacity).value();
    history.go_live(history.after(plan, example.config, std::move(next.leaving), now), now);
  }
  std::vector<uint8_t> bytes() const { return write(history.past()); }
  std::vector<uint8_t> write(const Past& past) const {
    return write_state(made, capacity, past, ledger, kLayout);
  }
};

// What stands in the tables, put back.
Past filled(SavedState saved, const Live& tables) {
  for (auto& [key, m] : saved.past.live.members) m.value = tables.members.at(key).value;
  for (auto& [number, r] : saved.past.live.retired) r.value = tables.retired.at(number).value;
  saved.past.live.rings = tables.rings;
  for (ImageService& s : saved.past.live.image.services) {
    const RingNumbers n = saved.rings.at(s.name);
    s.tcp.ring = n.tcp ? tables.rings.at(n.tcp) : nullptr;
    s.udp.ring = n.udp ? tables.rings.at(n.udp) : nullptr;
  }
  return std::move(saved.past);
}

TEST(SavedState, SaysTheSameWhenItIsReadAndWrittenAgain) {
  const Story e;
  const Result<SavedState> read = read_state(e.bytes());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(e.write(filled(*read, e.history.live())), e.bytes());
}

TEST(SavedState, HasWhatAChangeDependsOn) {
  const Story e;
  const Result<SavedState> read = read_state(e.bytes());
  ASSERT_TRUE(read) << read.error().message;
  const Past past = filled(*read, e.history.live());
  EXPECT_EQ(past.published, e.history.past().published);
  EXPECT_EQ(past.leaving, e.history.past().leaving);
  const auto &known = past.backends.services(),
             &known_before = e.history.past().backends.services();
  ASSERT_EQ(known.size(), known_before.size());
  for (const auto& [service, backends] : known_before) EXPECT_EQ(*known.at(service), *backends);
  EXPECT_EQ(past.live.incarnation, e.history.live().incarnation);
  EXPECT_EQ(past.live.prefix_number, e.history.live().prefix_number);
  EXPECT_EQ(past.live.prefixes, e.history.live().prefixes);
  ASSERT_EQ(past.live.members.size(), e.history.live().members.size());
  for (const auto& [key, m] : e.history.live().members)
    EXPECT_EQ(past.live.members.at(key).index, m.index);
  // The windows of the backend that has left.
  const auto& services = e.history.live().image.services;
  for (size_t i = 0; i < services.size(); i++) {
    const ImageService& now = past.live.image.services.at(i);
    EXPECT_EQ(now.name, services[i].name);
    EXPECT_EQ(now.frontends, services[i].frontends);
    EXPECT_EQ(now.tracking, services[i].tracking);
    EXPECT_EQ(now.complete_at, services[i].complete_at);
    // Of rings that no frontend leads to nothing was published, and nothing is kept.
    const Frontend& f = now.frontends.at(0);
    const Slots &slots = now.slots_for(f), &before = services[i].slots_for(f);
    EXPECT_EQ(slots.window, before.window);
    EXPECT_EQ(slots.ends, before.ends);
    EXPECT_EQ(slots.backends, before.backends);
    EXPECT_EQ(slots.changed, before.changed);
    EXPECT_FALSE(before.ends.empty());
  }
  EXPECT_EQ(read->made.hooks, e.made.hooks);
  EXPECT_EQ(read->made.flows, e.made.flows);
  EXPECT_EQ(read->made.features, e.made.features);
  EXPECT_EQ(read->ledger.services.at("shop").bytes, 700u);
  EXPECT_EQ(read->ledger.reasons.drops[1], 3u);
  EXPECT_EQ(read->ledger.flow_events[0], 5u);
}

// A History that goes on from what was read changes nothing by itself.
TEST(SavedState, NextImageIsTheSameAsWithoutARestart) {
  Story e;
  const Result<SavedState> read = read_state(e.bytes());
  ASSERT_TRUE(read) << read.error().message;
  History after(filled(*read, e.history.live()));
  e.example.add("203.0.113.14");
  e.now += std::chrono::seconds(1);
  const Image without = e.history.next(e.example.config, e.example.hops, {}, e.now).image;
  const Image with = after.next(e.example.config, e.example.hops, {}, e.now).image;
  ASSERT_EQ(with.services.size(), without.services.size());
  for (size_t i = 0; i < with.services.size(); i++) {
    const Frontend& f = with.services[i].frontends.at(0);
    const Slots &a = with.services[i].slots_for(f), &b = without.services[i].slots_for(f);
    EXPECT_EQ(*a.ring, *b.ring);
    EXPECT_EQ(a.ends, b.ends);
    EXPECT_EQ(a.window, b.window);
    EXPECT_FALSE(a.ends.empty());
  }
}

TEST(SavedState, HeaderTellsTheBuild) {
  const Result<StateHeader> header = read_header(Story().bytes());
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->format, kStateFormat);
  EXPECT_EQ(header->layout.tables, "t");
  EXPECT_EQ(header->layout.flows, "f");
  EXPECT_EQ(header->layout.programs, kLayout.programs);
}

TEST(SavedState, ATruncatedOneIsRefusedWhereverItEnds) {
  const std::vector<uint8_t> bytes = Story().bytes();
  for (size_t n = 0; n < bytes.size(); n++)
    EXPECT_FALSE(read_state(std::span(bytes).first(n))) << n << " of " << bytes.size();
}

// Not every lie can be told; none may do harm.
TEST(SavedState, ADamagedByteIsReadOrRefused) {
  const std::vector<uint8_t> bytes = Story().bytes();
  size_t refused = 0;
  for (size_t i = 0; i < bytes.size(); i++)
    for (const uint8_t flip : {0x01, 0x20, 0x80}) {
      std::vector<uint8_t> bad = bytes;
      bad[i] ^= flip;
      refused += !read_state(bad);
    }
  EXPECT_GT(refused, bytes.size() / 2);
}

}  // namespace
}  // namespace sluice::test
