// SPDX-License-Identifier: Apache-2.0
// IP headers that lie: versions, header lengths, options, total lengths, TTL and source addresses.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {
namespace {

const std::vector<std::string> kVips4 = {kVip4, kAny4, kNet4}, kVips6 = {kVip6, kAny6, kNet6};

std::string number(const std::string& name, size_t n) {
  return name + " " + std::to_string(n);
}

TEST(HostileHeader, AnotherVersionIsDropped) {
  Frames frames;
  for (uint8_t v = 0; v < 16; v++) {
    for (const std::string& vip : kVips4)
      if (v != 4)
        frames.push_back({number("version", v), tcp_to4({.destination = vip, .version = v}),
                          Must::kBeDropped, SLUICE_DROP_IP_HEADER});
    for (const std::string& vip : kVips6)
      if (v != 6)
        frames.push_back({number("version of IPv6", v), tcp_to6({.destination = vip, .version = v}),
                          Must::kBeDropped, SLUICE_DROP_IP_HEADER});
  }
  check_hostile("IP versions", frames);
}

// The header says it has so many words, over a packet that has no options but payload instead.
TEST(HostileHeader, AnotherHeaderLengthIsNeverMisread) {
  Frames frames;
  for (const std::string& vip : kVips4)
    for (uint8_t ihl = 0; ihl < 16; ihl++)
      for (size_t payload : {0, 5, 19, 20, 40, 60}) {
        Hostile h = {number("IHL", ihl), tcp_to4({.destination = vip, .ihl = ihl}, payload)};
        if (ihl < 5) {
          h.must = Must::kBeDropped;
          h.why = SLUICE_DROP_IP_HEADER;
        }
        frames.push_back(h);
      }
  check_hostile("IPv4 header lengths", frames);
}

// Options of `bytes`, behind which the real ports must be found.
Hostile with_options(const std::string& name, const std::string& vip, Bytes bytes,
                     std::optional<Must> must) {
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return {name, tcp_to4({.destination = vip, .options = bytes}), must};
}

Bytes source_route(uint8_t type) {
  return {type, 11, 4, 198, 51, 100, 1, 198, 51, 100, 2};
}

TEST(HostileHeader, OptionsAreSkippedWhateverTheySay) {
  Frames frames;
  for (const std::string& vip : kVips4) {
    for (size_t words = 1; words <= 10; words++) {
      Bytes ports;  // of TCP 81, UDP 444 and others, over and over
      for (size_t i = 0; i < words; i++) ports = join(ports, {0x12, 0x34, 0, uint8_t(80 + i)});
      frames.push_back(with_options(number("ports", words), vip, ports, Must::kBeSent));
      frames.push_back(
          with_options(number("no-ops", words), vip, Bytes(words * 4, 1), Must::kBeSent));
      frames.push_back(with_options(number("ends", words), vip, Bytes(words * 4, 0), {}));
    }
    frames.push_back(with_options("router alert", vip, {148, 4, 0, 0}, Must::kBeSent));
    frames.push_back(with_options("record route", vip, join({7, 39, 4}, Bytes(36)), Must::kBeSent));
    frames.push_back(with_options("timestamp", vip, join({68, 36, 5, 0}, Bytes(32)), {}));
    frames.push_back(with_options("loose source route", vip, source_route(131), {}));
    frames.push_back(with_options("strict source route", vip, source_route(137), {}));
    for (uint8_t type : {7, 68, 131, 137, 148, 222})
      for (uint8_t length : {0, 1, 2, 3, 41, 255})
        frames.push_back(with_options(number("option of length", length), vip,
                                      {type, length, 4, 0, 0, 80, 0, 80}, {}));
  }
  check_hostile("IPv4 options", frames);
}

Frames total_lengths(const std::string& vip) {
  Frames frames;
  const size_t real = 20 + 20 + 5;
  const auto lie = [&](size_t length, std::optional<sluice_drop_reason> why) {
    frames.push_back({number("total length", length),
                      tcp_to4({.destination = vip, .total_length = uint16_t(length)}),
                      why ? std::optional(Must::kBeDropped) : std::nullopt, why});
  };
  for (size_t length : {0, 1, 19}) lie(length, SLUICE_DROP_IP_LENGTH);
  for (size_t length : {20, 27, 39}) lie(length, SLUICE_DROP_L4_HEADER);
  for (size_t length = 40; length <= real; length++) lie(length, {});
  for (size_t more = 1; more <= 1400; more++) lie(real + more, SLUICE_DROP_IP_LENGTH);
  for (size_t length = 65515; length <= 65535; length++) lie(length, SLUICE_DROP_IP_LENGTH);
  return frames;
}

Frames payload_lengths(const std::string& vip) {
  Frames frames;
  const size_t real = 20 + 5;
  const auto lie = [&](size_t length, std::optional<sluice_drop_reason> why) {
    frames.push_back({number("payload length", length),
                      tcp_to6({.destination = vip, .payload_length = uint16_t(length)}),
                      why ? std::optional(Must::kBeDropped) : std::nullopt, why});
  };
  for (size_t length = 0; length < 20; length++) lie(length, SLUICE_DROP_L4_HEADER);
  for (size_t length = 20; length <= real; length++) lie(length, {});
  for (size_t more = 1; more <= 1400; more++) lie(real + more, SLUICE_DROP_IP_LENGTH);
  for (size_t length = 65475; length <= 65535; length++) lie(length, SLUICE_DROP_IP_LENGTH);
  return frames;
}

TEST(HostileHeader, ALengthThatLiesIsDropped) {
  Frames frames;
  for (const std::string& vip : kVips4) append(frames, total_lengths(vip));
  for (const std::string& vip : kVips6) append(frames, payload_lengths(vip));
  check_hostile("total and payload lengths", frames);
}

TEST(HostileHeader, TtlZeroIsDroppedAndOneIsSentAsItCame) {
  Frames frames;
  for (const std::string& vip : kVips4)
    for (uint8_t ttl : {0, 1, 2, 255}) {
      const bool dead = ttl == 0;
      Hostile h = {number("TTL", ttl), tcp_to4({.destination = vip, .ttl = ttl}),
                   dead ? Must::kBeDropped : Must::kBeSent};
      if (dead) h.why = SLUICE_DROP_TTL;
      frames.push_back(h);
      const Bytes echo =
          icmp_frame4(icmp4(8, 0, 1, {}), {.source = kClient4, .destination = vip, .ttl = ttl});
      frames.push_back(
          {number("echo of TTL", ttl), echo, dead ? Must::kBeDropped : Must::kBeAnswered, h.why});
    }
  for (const std::string& vip : kVips6)
    for (uint8_t hops : {0, 1, 2, 255}) {
      Hostile h = {number("hop limit", hops), tcp_to6({.destination = vip, .hop_limit = hops}),
                   hops ? Must::kBeSent : Must::kBeDropped};
      if (!hops) h.why = SLUICE_DROP_TTL;
      frames.push_back(h);
    }
  check_hostile("TTL and hop limit", frames);
}

const char* const kMartians4[] = {"0.0.0.0",         "0.255.255.255",   "127.0.0.1",
                                  "127.255.255.254", "224.0.0.1",       "239.255.255.255",
                                  "240.0.0.1",       "255.255.255.254", "255.255.255.255"};
const char* const kMartians6[] = {"::",
                                  "::1",
                                  "ff02::1",
                                  "ff0e::1:2",
                                  "ffff::1",
                                  "::ffff:198.51.100.7",
                                  "::ffff:0.0.0.0",
                                  "::ffff:127.0.0.1"};
// Next to them, and clients like any other.
const char* const kClients4[] = {"1.0.0.0", "126.255.255.255", "128.0.0.1", "223.255.255.255",
                                 "198.51.100.7"};
const char* const kClients6[] = {"::2",
                                 "::1:0:0",
                                 "feff::1",
                                 "::fffe:198.51.100.7",
                                 "::1:ffff:198.51.100.7",
                                 "64:ff9b::198.51.100.7"};

Frames from_martians(const std::string& vip) {
  Frames frames;
  const bool v4 = vip.find(':') == std::string::npos;
  const auto add = [&](const std::string& source, Must must) {
    Hostile h = {"from " + source, {}, must, {}};
    if (must == Must::kBeDropped) h.why = SLUICE_DROP_MARTIAN;
    h.frame = v4 ? tcp_to4({.source = source, .destination = vip})
                 : tcp_to6({.source = source, .destination = vip});
    frames.push_back(h);
    if (must == Must::kBeSent) return;
    h.name = "echo " + h.name;
    h.frame = v4 ? icmp_frame4(icmp4(8, 0, 1, {}), {.source = source, .destination = vip})
                 : icmp_frame6(128, 0, 1, {}, {.source = source, .destination = vip});
    frames.push_back(h);
  };
  if (v4) {
    for (const char* source : kMartians4) add(source, Must::kBeDropped);
    for (const char* source : kClients4) add(source, Must::kBeSent);
  } else {
    for (const char* source : kMartians6) add(source, Must::kBeDropped);
    for (const char* source : kClients6) add(source, Must::kBeSent);
  }
  for (const std::string& other : v4 ? kVips4 : kVips6) add(other, Must::kBeDropped);  // LAND, too
  return frames;
}

TEST(HostileHeader, MartianSourcesAndLandAreDropped) {
  Frames frames;
  for (const std::string& vip : kVips4) append(frames, from_martians(vip));
  for (const std::string& vip : kVips6) append(frames, from_martians(vip));
  check_hostile("martians and LAND", frames);
}

// Whatever is wrong with it, it is none of ours.
TEST(HostileHeader, WhatIsForOthersPassesUntouched) {
  Frames frames;
  for (const std::string& to :
       {kOther4, kSource4, std::string("255.255.255.255"), std::string("224.0.0.1"),
        std::string("127.0.0.1"), std::string("0.0.0.0")}) {
    for (uint8_t v = 0; v < 16; v++)
      frames.push_back(
          {number("version", v), tcp_to4({.destination = to, .version = v}), Must::kPass});
    for (uint8_t ihl = 0; ihl < 16; ihl++)
      frames.push_back({number("IHL", ihl), tcp_to4({.destination = to, .ihl = ihl}), Must::kPass});
    for (uint16_t length : {0, 19, 46, 1500, 65535})
      frames.push_back({number("total length", length),
                        tcp_to4({.destination = to, .total_length = length}), Must::kPass});
    for (const char* source : kMartians4)
      frames.push_back(
          {source, tcp_to4({.source = source, .destination = to, .ttl = 0}), Must::kPass});
    frames.push_back({"IGMP with router alert",
                      frame4({.source = kClient4,
                              .destination = to,
                              .ttl = 1,
                              .protocol = 2,
                              .options = {148, 4, 0, 0}})
                          .payload({0x16, 0, 0, 0, 224, 0, 0, 9})
                          .build(),
                      Must::kPass});
    for (uint16_t bits : {0x2000, 0x2001, 0x0001, 0x1fff})
      frames.push_back(
          {number("fragment", bits), tcp_to4({.destination = to, .fragment = bits}), Must::kPass});
  }
  for (const std::string& to : {kOther6, kSource6, std::string("ff02::1"), std::string("::1")}) {
    for (uint8_t next : {0, 43, 44, 51, 60, 58, 59, 6})
      for (uint16_t length : {0, 7, 25, 26, 65535})
        frames.push_back(
            {number("next header", next),
             tcp_to6({.destination = to, .next_header = next, .payload_length = length}),
             Must::kPass});
    for (const char* source : kMartians6)
      frames.push_back(
          {source, tcp_to6({.source = source, .destination = to, .hop_limit = 0}), Must::kPass});
  }
  check_hostile("to the host and to others", frames);
}

}  // namespace
}  // namespace sluice::test
