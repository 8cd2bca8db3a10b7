// SPDX-License-Identifier: Apache-2.0
// Daemons that end without a word, and what the next one finds.
#include <net/if.h>

#include <cstdlib>

#include "daemon/controller_fixture.h"
#include "kernel/mapping.h"

namespace sluice::test {
namespace {

std::map<MemberKey, uint32_t> numbers_of(const Live& live) {
  std::map<MemberKey, uint32_t> out;
  for (const auto& [key, m] : live.members) out[key] = m.index;
  return out;
}

TEST_F(ControllerTest, NothingIsPinnedBesideWhatIsInForce) {
  expect_tidy();
  leave_and_come();
  apply();
  expect_tidy();
}

TEST_F(ControllerTest, AKilledDaemonIsGoneOnWith) {
  leave_and_come();
  apply();
  const Live before = live();
  const fs::path where = tables();
  start();
  EXPECT_EQ(live().generation, before.generation);
  EXPECT_EQ(live().tables, before.tables);
  EXPECT_EQ(live().incarnation, before.incarnation);
  EXPECT_EQ(numbers_of(live()), numbers_of(before));
  for (const auto& [key, m] : before.members)
    EXPECT_EQ(memcmp(&live().members.at(key).value, &m.value, sizeof(m.value)), 0) << key.service;
  ASSERT_EQ(live().rings.size(), before.rings.size());
  for (const auto& [number, ring] : before.rings) EXPECT_EQ(*live().rings.at(number), *ring);
  // The same configuration is no news.
  apply();
  EXPECT_EQ(live().generation, before.generation);
  EXPECT_EQ(tables(), where);
  expect_tidy();
}

TEST_F(ControllerTest, OneThatWasKilledAndComesToAnotherFileMakesOneChange) {
  const uint64_t before = live().generation;
  const fs::path where = tables();
  leave_and_come();
  start();
  apply();
  EXPECT_EQ(live().generation, before + 1);
  EXPECT_EQ(tables(), where);
  EXPECT_FALSE(live().image.services.at(0).tcp.window.empty());
  expect_tidy();
}

// What a daemon killed between two steps of publishing leaves behind.
TEST_F(ControllerTest, WhatWasBegunAndNotFinishedIsTakenAway) {
  fs::create_directory(instance() / "unfinished");
  ASSERT_TRUE(pin_bytes({}, instance() / "unfinished/members"));
  ASSERT_TRUE(pin_bytes({}, tables() / "state-77"));
  ASSERT_TRUE(pin_bytes({}, tables() / "generation-77"));
  ASSERT_TRUE(pin_bytes({}, tables() / "ring-3"));
  ASSERT_TRUE(pin_bytes({}, tables() / "prefixes-2"));
  const uint64_t before = live().generation;
  start();
  EXPECT_EQ(live().generation, before);
  apply();
  expect_tidy();
}

// A ring that a daemon had made ready for later goes; one that it had put to use meanwhile, and
// whose name from before is still there, stays where packets look for it.
TEST_F(ControllerTest, RingsMadeReadyForLaterAreTakenAwayButForThoseInUse) {
  ASSERT_EQ(live().rings.size(), 1u);
  const uint32_t in_use = live().rings.begin()->first;
  fs::rename(tables() / ("spare-" + std::to_string(in_use + 1)),
             tables() / ("spare-" + std::to_string(in_use)));
  const uint32_t id = id_of_ring(in_use);
  ASSERT_NE(id, 0u);
  start();
  EXPECT_EQ(count("spare-"), 0u);
  EXPECT_EQ(id_of_ring(in_use), id);
  leave_and_come();
  apply();
  EXPECT_EQ(count("spare-"), 8u);
  expect_tidy();
}

// Of any set that is not whole a new one is made, and the rest is gone afterwards.
TEST_F(ControllerTest, ASetThatLacksAnythingIsReplaced) {
  const std::vector<std::string> all = names(tables());
  for (const std::string& name : all) {
    if (name.starts_with("spare-")) continue;  // nobody needs it
    SCOPED_TRACE(name);
    // The numbers of what is published go on.
    const bool numbered = name.starts_with("state-") || name.starts_with("generation-");
    const std::string kind = name.substr(0, name.find('-') + 1);
    for (const std::string& now : names(tables())) {
      if (numbered ? !now.starts_with(kind) : now != name) continue;
      ASSERT_TRUE(unpin(tables() / now));
    }
    const fs::path where = tables();
    start();
    EXPECT_EQ(live().generation, 0u);
    apply();
    EXPECT_NE(tables(), where);
    expect_tidy();
  }
}

TEST_F(ControllerTest, AStateThatIsNoneIsReplaced) {
  for (const std::vector<uint8_t>& bytes :
       {std::vector<uint8_t>{}, std::vector<uint8_t>{0xa0}, std::vector<uint8_t>(100, 0xff)}) {
    ASSERT_TRUE(pin_bytes(bytes, tables() / ("state-" + std::to_string(live().generation))));
    start();
    EXPECT_EQ(live().generation, 0u);
    apply();
    expect_tidy();
  }
}

// The state of the build that wrote it says that it is another one's.
TEST_F(ControllerTest, ProgramsOfAnotherBuildAreExchangedOnTheSameTables) {
  change_in_state(our_layout().programs.at(Hook::kXdp));
  const fs::path where = tables();
  const uint64_t generation = live().generation;
  start();
  const int before = controller_->programs().xdp;
  apply();
  EXPECT_NE(controller_->programs().xdp, before);
  EXPECT_EQ(tables(), where);
  EXPECT_EQ(live().generation, generation);
  expect_tidy();
}

TEST_F(ControllerTest, AServiceOnARangeOfPortsExchangesThePrograms) {
  const fs::path where = tables();
  const std::map<MemberKey, uint32_t> members = numbers_of(live());
  const std::vector<PortRange> ports = example_.config.services.at(0).ports;
  int programs = controller_->programs().xdp;
  for (int round = 0; round < 4; round++) {
    example_.config.services.at(0).ports = ports;
    if (round % 2 == 0) example_.config.services.at(0).ports.push_back({1000, 2000, IPPROTO_TCP});
    apply();
    EXPECT_NE(controller_->programs().xdp, programs) << round;
    programs = controller_->programs().xdp;
    EXPECT_EQ(tables(), where);
    EXPECT_EQ(numbers_of(live()), members);
    expect_tidy();
  }
  start();
  apply();
  EXPECT_EQ(tables(), where);
}

// A restart with a file that cannot be had, and with one that can: what runs, runs.
TEST_F(ControllerTest, AFailedStartLeavesTheProgramAttached) {
  for (const bool can_go_on : {true, false}) {
    if (!can_go_on) {
      ASSERT_TRUE(unpin(tables() / "members"));
    }
    const uint32_t before = attached_program();
    ASSERT_NE(before, 0u);
    start();
    example_.config.interfaces.push_back({.name = "away0", .mode = AttachMode::kGeneric});
    const Result<void> r = try_to_apply();
    ASSERT_FALSE(r);
    EXPECT_NE(r.error().message.find("away0"), std::string::npos) << r.error().message;
    EXPECT_EQ(attached_program(), before) << can_go_on;
    example_.config.interfaces.pop_back();
    start();
    apply();
    expect_tidy();
  }
}

// Other programs are put in place before the tables that ask for them; an interface is not.
TEST_F(ControllerTest, ARefusedChangeAttachesNothing) {
  ASSERT_EQ(system("ip link add v0 type veth peer name v1 && ip link set v0 up"), 0);
  const uint32_t v0 = if_nametoindex("v0");
  example_.config.interfaces.push_back({.name = "v0", .mode = AttachMode::kGeneric});
  example_.config.services.at(0).ports.push_back({1000, 2000, IPPROTO_TCP});
  links_.push_back({.ifindex = v0, .name = "v0", .mac = {}});
  const uint64_t generation = live().generation;
  // The next generation's name cannot be had.
  const fs::path taken = tables() / ("generation-" + std::to_string(generation + 1) + "-new");
  fs::create_directory(taken);
  ASSERT_FALSE(try_to_apply());
  EXPECT_EQ(live().generation, generation);
  EXPECT_FALSE(fs::exists(instance() / "link-v0"));
  fs::remove(taken);
  expect_tidy();
  apply();
  EXPECT_TRUE(fs::exists(instance() / "link-v0"));
}

// A state that says something else than it did is refused, or does no harm.
TEST_F(ControllerTest, ADamagedStateDoesNoHarm) {
  for (size_t at = 0;; at += 41) {
    const fs::path state = tables() / ("state-" + std::to_string(live().generation));
    Result<std::optional<std::vector<uint8_t>>> bytes = pinned_bytes(state);
    ASSERT_TRUE(bytes && *bytes);
    if (at >= (*bytes)->size()) break;
    (**bytes)[at] ^= uint8_t(1 << at % 8);
    ASSERT_TRUE(pin_bytes(**bytes, state));
    SCOPED_TRACE(at);
    start();
    leave_and_come();
    apply();
    ASSERT_FALSE(HasFailure());
    example_.config.pools["web"].backends = before_;
    apply();
  }
}

// The new program's own test packets meet tables that lead elsewhere.
TEST_F(ControllerTest, AProgramThatSendsOtherBytesIsNotPutInPlace) {
  Result<std::optional<UniqueFd>> map = open_pin(tables() / "members");
  ASSERT_TRUE(map && *map);
  const Result<Mapping> memory = Mapping::of_map((*map)->get(), 4 * sizeof(sluice_member));
  ASSERT_TRUE(memory) << memory.error().message;
  auto* const members = reinterpret_cast<sluice_member*>(memory->data());
  // The last byte of each outer destination, here and in no image.
  for (int i = 0; i < 4; i++) members[i].last_word ^= uint64_t(1) << 56;

  const int before = controller_->programs().xdp;
  const uint64_t generation = live().generation;
  example_.config.services.at(0).ports.push_back({1000, 2000, IPPROTO_TCP});
  const Result<void> r = try_to_apply();
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().message.find("its outer header is not the member's"), std::string::npos)
      << r.error().message;
  EXPECT_EQ(controller_->programs().xdp, before);
  EXPECT_EQ(live().generation, generation);
  expect_tidy();

  for (int i = 0; i < 4; i++) members[i].last_word ^= uint64_t(1) << 56;
  apply();
  EXPECT_NE(controller_->programs().xdp, before);
}

TEST_F(ControllerTest, PacketsOfItsOwnAreNotCounted) {
  for (int round = 0; round < 2; round++) {
    example_.config.services.at(0).ports.push_back(
        {uint16_t(1000 + 1000 * round), uint16_t(1999 + 1000 * round), IPPROTO_UDP});
    apply();
    start();
    const Result<Counters> now = controller_->counters();
    ASSERT_TRUE(now);
    EXPECT_EQ(now->members.size(), 4u);
    for (const sluice_counter& m : now->members) EXPECT_EQ(m.packets + m.bytes, 0u);
    for (uint64_t n : now->passes) EXPECT_EQ(n, 0u);
    for (uint64_t n : now->drops) EXPECT_EQ(n, 0u);
  }
}

TEST_F(ControllerTest, UnloadLeavesNothing) {
  ASSERT_TRUE(controller_->unload());
  EXPECT_FALSE(fs::exists(fs::path(bpffs_) / "sluice"));
  controller_.reset();
}

}  // namespace
}  // namespace sluice::test
