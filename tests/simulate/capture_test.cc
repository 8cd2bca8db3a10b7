// SPDX-License-Identifier: Apache-2.0
// What is read and what is written: captures of every kind, and files that are none.
#include <filesystem>

#include "simulate/fixture.h"

namespace sluice::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A pcapng file of one Ethernet interface, whose time stamps are nanoseconds (if_tsresol 9).
Bytes pcapng_of(const Bytes& frame, uint64_t nanoseconds) {
  Bytes out;
  const auto put = [&out](std::initializer_list<uint32_t> words) {
    for (uint32_t w : words)
      for (int shift : {0, 8, 16, 24}) out.push_back(uint8_t(w >> shift));
  };
  put({0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28});
  put({1, 32, 1, 262144, 9 | 1 << 16, 9, 0, 32});
  const uint32_t here = uint32_t(frame.size()), padded = (here + 3) & ~3u, block = 32 + padded;
  put({6, block, 0, uint32_t(nanoseconds >> 32), uint32_t(nanoseconds), here, here});
  out.insert(out.end(), frame.begin(), frame.end());
  out.resize(out.size() + padded - here);
  put({block});
  return out;
}

struct CaptureTest : SimulateTest {};

TEST_F(CaptureTest, WhatIsSentIsWrittenAtItsTime) {
  const Bytes echo = icmp4({8, 0, 0, 0, 0, 0, 0, 0});
  const Bytes dropped = PacketBuilder()
                            .ethernet(kMac, kRouterMac)
                            .ipv4({.source = kClient, .destination = kVip, .ttl = 0})
                            .tcp({1, 80})
                            .build();
  const Capture in = {.frames = {{syn_to_vip(1), 1700000000, 999999},
                                 {dropped, 1700000001, 0},
                                 {first(syn_to_vip(), 20), 1700000002, 0},
                                 {echo, 1700000003, 7}}};
  const Outcome outcome = simulate(in, "-o json --out sent.pcap" + kHost);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Capture sent = capture_in(read("sent.pcap"));
  EXPECT_FALSE(sent.format.nanoseconds);
  EXPECT_EQ(sent.format.link_type, 1u);
  const Bytes to = to_backend(syn_to_vip(1));
  ASSERT_EQ(sent.frames.size(), 2u);
  EXPECT_EQ(sent.frames[0], (Capture::Frame{to, 1700000000, 999999, uint32_t(to.size())}));
  EXPECT_EQ(sent.frames[1].seconds, 1700000003u);
  EXPECT_EQ(sent.frames[1].fraction, 7u);
  EXPECT_EQ(hex(sent.frames[1].bytes), outcome.lines()[3]["packet"]);
}

TEST_F(CaptureTest, EveryKindOfCaptureIsRead) {
  for (bool nanoseconds : {false, true})
    for (bool big_endian : {false, true}) {
      const Capture in = {.format = {.nanoseconds = nanoseconds, .big_endian = big_endian},
                          .frames = {{syn_to_vip(), 1700000000, 123456}}};
      const Outcome outcome = simulate(in, "--out sent.pcap" + kHost);
      ASSERT_EQ(outcome.status, 0) << outcome.err;
      const Capture sent = capture_in(read("sent.pcap"));
      EXPECT_EQ(sent.format.nanoseconds, nanoseconds);
      ASSERT_EQ(sent.frames.size(), 1u);
      EXPECT_EQ(sent.frames[0].bytes, to_backend(syn_to_vip()));
      EXPECT_EQ(sent.frames[0].fraction, 123456u);
    }
}

TEST_F(CaptureTest, PcapngIsReadToTheNanosecond) {
  write("in.pcap", pcapng_of(syn_to_vip(), 1700000000'123456789));
  const Outcome outcome = simulate("--out sent.pcap" + kHost);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Capture sent = capture_in(read("sent.pcap"));
  EXPECT_TRUE(sent.format.nanoseconds);
  ASSERT_EQ(sent.frames.size(), 1u);
  EXPECT_EQ(sent.frames[0].bytes, to_backend(syn_to_vip()));
  EXPECT_EQ(sent.frames[0].seconds, 1700000000u);
  EXPECT_EQ(sent.frames[0].fraction, 123456789u);
}

TEST_F(CaptureTest, StandardInputIsACapture) {
  input = "-";
  standard_input = "in.pcap";
  const std::vector<nlohmann::json> got = lines({syn_to_vip(1), syn_to_vip(2)});
  EXPECT_EQ(got[1]["packet"], hex(to_backend(syn_to_vip(2))));
}

TEST_F(CaptureTest, WhatIsNoCaptureOfEthernetIsRefused) {
  EXPECT_THAT(simulate(Capture{.format = {.link_type = 113}, .frames = {}}).err,
              HasSubstr("its frames are not Ethernet but Linux cooked"));
  write("in.pcap", std::string("version: 1\n"));
  EXPECT_THAT(simulate().err, HasSubstr("read the capture in.pcap: unknown file format"));
  write("in.pcap", std::string());
  EXPECT_THAT(simulate().err, HasSubstr("read the capture in.pcap: "));
  std::filesystem::remove(folder.path("in.pcap"));
  const Outcome outcome = simulate("--out sent.pcap");
  EXPECT_EQ(outcome.err, "sluicectl: read the capture in.pcap: No such file or directory\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_FALSE(std::filesystem::exists(folder.path("sent.pcap")));
}

TEST_F(CaptureTest, AFileCutShortFailsAfterWhatIsWhole) {
  const Bytes whole = file_of(capture_of({syn_to_vip(1), syn_to_vip(2)}));
  write("in.pcap", first(whole, whole.size() - 1));
  const Outcome outcome = simulate("-o json --out sent.pcap" + kHost);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("packet 1: read the capture in.pcap: truncated"));
  ASSERT_EQ(outcome.lines().size(), 1u);
  EXPECT_EQ(capture_in(read("sent.pcap")).frames.size(), 1u);
}

TEST_F(CaptureTest, FramesThatWereCutAreSkipped) {
  const Capture in = {.frames = {{first(syn_to_vip(), 50), 1, 2, 54}, {syn_to_vip()}}};
  const Outcome outcome = simulate(in, "-o json --out sent.pcap" + kHost);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err, HasSubstr("warning: 1 packet skipped"));
  const std::vector<nlohmann::json> lines = outcome.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["verdict"], "skipped");
  EXPECT_EQ(lines[0]["reason"], "CUT");
  EXPECT_EQ(lines[0]["packet"], hex(first(syn_to_vip(), 50)));
  EXPECT_EQ(lines[1]["verdict"], "tx");
  EXPECT_EQ(capture_in(read("sent.pcap")).frames.size(), 1u);
}

TEST_F(CaptureTest, FramesTooLargeForTheKernelAreSkipped) {
  const auto frame = [](size_t payload) {
    return PacketBuilder()
        .ethernet(kMac, kRouterMac)
        .ipv4({.source = kClient, .destination = kVip})
        .tcp({1, 80})
        .payload(payload)
        .build();
  };
  const std::vector<Bytes> frames = {frame(3000), frame(8900), frame(65000), Bytes(262144, 0x45)};
  for (const char* where : {"xdp", "tc"}) {
    hook = where;
    const Outcome outcome = simulate(frames, "-o json --mtu 9000" + kHost);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.err, HasSubstr("warning: 3 packets skipped"));
    const std::vector<nlohmann::json> lines = outcome.lines();
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[0]["packet"], hex(to_backend(frame(3000))));
    for (size_t i : {1, 2, 3}) {
      EXPECT_EQ(lines[i]["verdict"], "skipped");
      EXPECT_EQ(lines[i]["reason"], "TOO_LARGE");
      EXPECT_EQ(lines[i]["packet"], hex(frames[i]));
    }
  }
}

TEST_F(CaptureTest, TheCaptureIsNotWrittenOver) {
  const Bytes before = file_of(capture_of({syn_to_vip()}));
  write("in.pcap", before);
  std::filesystem::create_symlink("in.pcap", folder.path("link.pcap"));
  for (const char* out : {"in.pcap", "./link.pcap"}) {
    const Outcome outcome = simulate(std::string("--out ") + out);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr("it is the capture to be read"));
    EXPECT_EQ(read("in.pcap"), before);
  }
}

TEST_F(CaptureTest, WhatCannotBeWrittenIsAFailure) {
  const std::vector<Bytes> in = {syn_to_vip()};
  const Outcome full = simulate(in, "--out /dev/full" + kHost);
  EXPECT_EQ(full.status, 1);
  EXPECT_THAT(full.err, HasSubstr("write the capture /dev/full: No space left on device"));
  const Outcome nowhere = simulate(in, "--out none/sent.pcap" + kHost);
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("none/sent.pcap: No such file or directory"));
  EXPECT_EQ(nowhere.out, "");
}

}  // namespace
}  // namespace sluice::test
