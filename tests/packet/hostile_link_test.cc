// SPDX-License-Identifier: Apache-2.0
// What stands in front of the IP header, and how large a packet may be.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {
namespace {

Bytes tag(uint16_t type, uint16_t control) {
  return {uint8_t(type >> 8), uint8_t(type), uint8_t(control >> 8), uint8_t(control)};
}

// `b` under another EtherType, behind `more` bytes.
Bytes under(const Bytes& frame, uint16_t type, const Bytes& more) {
  return join(join(join(first(frame, 12), {uint8_t(type >> 8), uint8_t(type)}), more),
              from(frame, 14));
}

const Bytes kSnap = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};

Frames link_layers(const Bytes& in) {
  Frames f;
  for (size_t n = 0; n <= 21; n++) {
    Bytes tags;
    for (size_t i = 0; i < n; i++) tags = join(tags, tag(0x8100, uint16_t(i * 0x321)));
    f.push_back(
        {std::to_string(n) + " tags", tagged(in, tags), n <= 2 ? Must::kBeSent : Must::kPass});
  }
  for (uint16_t control : {0x0000, 0x0001, 0x0fff, 0x1000, 0xe000, 0xffff}) {
    f.push_back({"a tag's control", tagged(in, tag(0x8100, control)), Must::kBeSent});
    f.push_back({"a service tag", tagged(in, tag(0x88a8, control)), Must::kBeSent});
    f.push_back({"QinQ", tagged(in, join(tag(0x88a8, control), tag(0x8100, 5))), Must::kBeSent});
    f.push_back({"QinQ, both outer", tagged(in, join(tag(0x88a8, 5), tag(0x88a8, control))),
                 Must::kBeSent});
  }
  f.push_back({"a tag of an old type", tagged(in, tag(0x9100, 5)), Must::kPass});
  f.push_back({"a length and SNAP", under(in, uint16_t(in.size() - 6), kSnap), Must::kPass});
  f.push_back({"a tag, a length and SNAP",
               tagged(under(in, uint16_t(in.size() - 6), kSnap), tag(0x8100, 5)), Must::kPass});
  f.push_back({"MPLS", under(in, 0x8847, {0, 0x10, 1, 64}), Must::kPass});
  f.push_back({"multicast MPLS", under(in, 0x8848, {0, 0x10, 1, 64}), Must::kPass});
  f.push_back({"PPPoE", under(in, 0x8864, {0x11, 0, 0, 1, 0, 60, 0, 0x21}), Must::kPass});
  f.push_back({"PPPoE discovery", under(in, 0x8863, {0x11, 9, 0, 0, 0, 0}), Must::kPass});
  for (uint16_t type : {0x0000, 0x0806, 0x6558, 0x86dc, 0x86de, 0x0801, 0x88cc, 0x88f7, 0xffff})
    f.push_back({"another type", under(in, type, {}), Must::kPass});
  return f;
}

TEST(HostileLink, OnlyIpBehindAtMostTwoTagsIsOurs) {
  Frames frames;
  for (const std::string& vip : {kVip4, kAny4, kNet4})
    append(frames, link_layers(tcp_to4({.destination = vip})));
  for (const std::string& vip : {kVip6, kAny6, kNet6})
    append(frames, link_layers(tcp_to6({.destination = vip})));
  check_hostile("link layers", frames);
}

// A family under the other's type is not that family.
TEST(HostileLink, AFamilyUnderTheOthersTypeIsNeverSent) {
  Frames frames;
  for (const std::string& vip : {kVip4, kAny4})
    frames.push_back(
        {"IPv4 as IPv6", under(tcp_to4({.destination = vip}, 40), 0x86dd, {}), Must::kNotBeSent});
  for (const std::string& vip : {kVip6, kAny6})
    frames.push_back(
        {"IPv6 as IPv4", under(tcp_to6({.destination = vip}, 40), 0x0800, {}), Must::kNotBeSent});
  // Where one's destination stands, the other has the VIP.
  Bytes in = tcp_to6({.destination = kVip6}, 40);
  for (size_t i = 0; i < 4; i++) in[30 + i] = uint8_t("\xc0\x00\x02\x0a"[i]);
  frames.push_back(
      {"IPv6 as IPv4 to the VIP", under(in, 0x0800, {}), Must::kBeDropped, SLUICE_DROP_IP_HEADER});
  check_hostile("families under the wrong type", frames);
}

Frames to_macs(const std::vector<std::string>& macs, Must must) {
  Frames f;
  for (const std::string& mac : macs) {
    const auto to = [&](Bytes frame) {
      const Bytes head = first(PacketBuilder().ethernet(mac, kRouterMac).build(), 12);
      return join(head, from(frame, 12));
    };
    f.push_back({"to " + mac, to(tcp_to4({.destination = kVip4})), must});
    f.push_back({"to " + mac, to(tcp_to6({.destination = kAny6})), must});
    f.push_back({"to " + mac, to(tagged(tcp_to4({.destination = kVip4}), tag(0x8100, 1))), must});
    f.push_back({"a fragment to " + mac, to(tcp_to4({.destination = kVip4, .fragment = 0x2001})),
                 must == Must::kPass ? Must::kPass : Must::kBeDropped});
    f.push_back({"an echo to " + mac,
                 to(icmp_frame4(icmp4(8, 0, 1, {}), {.source = kClient4, .destination = kVip4})),
                 must == Must::kPass ? Must::kPass : Must::kBeAnswered});
  }
  return f;
}

const std::vector<std::string> kStrangers = {"02:00:00:00:00:0c", "02:00:00:00:01:0b",
                                             "03:00:00:00:00:0b"};
const std::vector<std::string> kGroups = {"ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01",
                                          "33:33:00:00:00:01", "01:80:c2:00:00:00"};

TEST(HostileLink, FramesForOtherMacsPass) {
  Frames frames = to_macs(kStrangers, Must::kPass);
  append(frames, to_macs(kGroups, Must::kPass));
  append(frames, to_macs({kOurMac, "02:00:00:00:00:0a"}, Must::kBeSent));
  check_hostile("frames for other MACs", frames);
}

// Without MACs of our own any is, except a group's: an answer would come from it.
TEST(HostileLink, FramesForAGroupPassWhereAnyMacIsOurs) {
  World world = worlds()[0];
  world.setup.macs.clear();
  HostileRun run("frames for groups where any MAC is ours");
  ASSERT_TRUE(run.ok());
  run.enter(world);
  for (const Hostile& h : to_macs(kGroups, Must::kPass)) run.run(h);
  for (const Hostile& h : to_macs({kOurMac, "02:00:00:00:00:0c"}, Must::kBeSent)) run.run(h);
  run.finish();
}

// ---- Size. A test run takes frames of up to 3.3 kB or so.

Bytes sized4(const std::string& vip, size_t length, uint16_t flags) {
  return tcp_to4({.destination = vip, .fragment = flags}, length - 40);
}
Bytes sized6(const std::string& vip, size_t length) {
  return tcp_to6({.destination = vip}, length - 60);
}

Frames sizes(const std::string& v4, const std::string& v6) {
  Frames f;
  std::vector<size_t> lengths = {1500, 1501, 1514, 2000, 3000, 3200};
  for (size_t overhead = 0; overhead <= 60; overhead++) lengths.push_back(kLinkMtu - overhead);
  for (size_t length : lengths) {
    const std::string name = std::to_string(length) + " bytes";
    f.push_back({name, sized4(v4, length, 0x4000)});
    f.push_back({name + " without DF", sized4(v4, length, 0)});
    f.push_back({name + " with a tag", tagged(sized4(v4, length, 0x4000), tag(0x8100, 9))});
    f.push_back({name + " with two tags",
                 tagged(sized6(v6, length), join(tag(0x88a8, 9), tag(0x8100, 8)))});
    f.push_back({name + " of IPv6", sized6(v6, length)});
    f.push_back({name + " from behind options",
                 tcp_to4({.destination = v4, .options = Bytes(40, 1)}, length - 80)});
    // What is too big and may not be answered.
    f.push_back({name + " of an error",
                 icmp_frame4(icmp4(3, 4, 1400, join(reply_of4(v4, 100), Bytes(length - 148))),
                             {.source = kClient4, .destination = v4})});
  }
  return f;
}

TEST(HostileSize, WhatDoesNotFitIsToldSoAndNothingLargerLeaves) {
  Frames frames = sizes(kVip4, kVip6);
  append(frames, sizes(kAny4, kAny6));
  append(frames, sizes(kNet4, kNet6));
  check_hostile("sizes around the MTU", frames);
}

// A small packet in a frame that is larger than the MTU, by what follows it.
TEST(HostileSize, WhatFollowsAPacketDoesNotMakeTheFrameTooLarge) {
  Frames frames;
  for (size_t trailer : {1400, 1420, 1440, 1460, 1480, 2000, 3000}) {
    for (const std::string& vip : {kVip4, kAny4}) {
      const Bytes in = tcp_to4({.destination = vip});
      frames.push_back({"a trailer", join(in, Bytes(trailer, 7)), Must::kBeSent});
      frames.push_back({"a trailer and a tag", tagged(join(in, Bytes(trailer, 7)), tag(0x8100, 1)),
                        Must::kBeSent});
    }
    frames.push_back(
        {"a trailer", join(tcp_to6({.destination = kVip6}), Bytes(trailer, 7)), Must::kBeSent});
  }
  check_hostile("small packets in large frames", frames);
}

}  // namespace
}  // namespace sluice::test
