// SPDX-License-Identifier: Apache-2.0
// Which SYNs ask for smaller segments on their way out, and that nothing else is touched.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include <cstring>
#include <memory>

#include "abi/agent_abi.h"
#include "agent_mss.skel.h"
#include "support/packet_builder.h"

namespace sluice::test {
namespace {

const std::string kVip4 = "192.0.2.10", kVip6 = "2001:db8::10";
const std::string kClient4 = "198.51.100.7", kClient6 = "2001:db8:c::7";
constexpr uint16_t kMost4 = 1400, kMost6 = 1380;
constexpr uint8_t kSyn = 0x02, kAck = 0x10;

struct MssRow {
  std::string name;
  Bytes in, out;
};

void PrintTo(const MssRow& row, std::ostream* os) {
  *os << row.name << ": " << scapy(row.in);
}

struct Destroy {
  void operator()(agent_mss* skeleton) const { agent_mss::destroy(skeleton); }
};

void put_vip(const bpf_map* map, int family, const std::string& text) {
  sluice_addr key = {.word = {0, 0, htonl(0xffff), 0}};
  const uint32_t value = 1;
  void* to = family == AF_INET ? &key.word[3] : key.word;
  ASSERT_EQ(inet_pton(family, text.c_str(), to), 1);
  ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(map), &key, &value, BPF_ANY), 0);
}

class Mss : public testing::TestWithParam<MssRow> {};

TEST_P(Mss, LeavesAsItMust) {
  std::unique_ptr<agent_mss, Destroy> s(agent_mss::open());
  ASSERT_TRUE(s);
  s->rodata->mss_v4 = kMost4;
  s->rodata->mss_v6 = kMost6;
  ASSERT_EQ(agent_mss::load(s.get()), 0);
  put_vip(s->maps.vips, AF_INET, kVip4);
  put_vip(s->maps.vips, AF_INET6, kVip6);
  Bytes out(GetParam().in.size() + 64);
  LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = GetParam().in.data(), .data_out = out.data(),
              .data_size_in = uint32_t(GetParam().in.size()),
              .data_size_out = uint32_t(out.size()));
  ASSERT_EQ(bpf_prog_test_run_opts(bpf_program__fd(s->progs.sluice_mss), &run), 0);
  out.resize(run.data_size_out);
  EXPECT_EQ(int(run.retval), TC_ACT_UNSPEC) << "other filters have their say";
  EXPECT_EQ(out, GetParam().out) << "got: " << scapy(out);
}

struct Ends {
  std::string source = kVip4, destination = kClient4;
};

Bytes address_bytes(const std::string& text) {
  const bool v6 = text.find(':') != std::string::npos;
  Bytes bytes(v6 ? 16 : 4);
  EXPECT_EQ(inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()), 1);
  return bytes;
}

// A TCP header with these options, and `payload` bytes; its checksum is right.
Bytes tcp(const Ends& ends, uint8_t flags, const Bytes& options, size_t payload) {
  Bytes tcp = {0x00,  0x50, 0x9c, 0x40, 1, 2, 3, 4, 5, 6, 7, 8, uint8_t((20 + options.size()) << 2),
               flags, 0xff, 0xff, 0,    0, 0, 0};
  tcp = join(join(tcp, options), Bytes(payload, 2));
  Bytes pseudo = join(address_bytes(ends.source), address_bytes(ends.destination));
  pseudo = join(pseudo, {0, 6, uint8_t(tcp.size() >> 8), uint8_t(tcp.size())});
  const uint16_t sum = internet_checksum(join(pseudo, tcp));
  tcp[16] = uint8_t(sum >> 8);
  tcp[17] = uint8_t(sum);
  return tcp;
}

Bytes frame(uint8_t flags, const Bytes& options, const Ends& ends = {}, size_t payload = 0) {
  PacketBuilder b;
  b.ethernet("02:00:00:00:00:01", "02:00:00:00:00:0b");
  if (ends.source.find(':') == std::string::npos)
    b.ipv4({.source = ends.source, .destination = ends.destination, .protocol = 6});
  else
    b.ipv6({.source = ends.source, .destination = ends.destination, .next_header = 6});
  return b.payload(tcp(ends, flags, options, payload)).build();
}

const Ends kEnds6 = {kVip6, kClient6};

Bytes mss(uint16_t value) {
  return {2, 4, uint8_t(value >> 8), uint8_t(value)};
}

MssRow lowered(std::string name, const Bytes& before, const Bytes& after,
               uint8_t flags = kSyn | kAck) {
  return {std::move(name), frame(flags, before), frame(flags, after)};
}
MssRow untouched(std::string name, const Bytes& in) {
  return {std::move(name), in, in};
}

const Bytes kLinuxTail = {4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7};  // SACK, time, scale

std::vector<MssRow> lowered_rows() {
  std::vector<MssRow> rows = {
      lowered("SynAck", mss(1460), mss(kMost4)),
      lowered("Syn", mss(1460), mss(kMost4), kSyn),
      lowered("Largest", mss(65535), mss(kMost4)),
      lowered("ByOne", mss(kMost4 + 1), mss(kMost4)),
      lowered("LinuxOptions", join(mss(1460), kLinuxTail), join(mss(kMost4), kLinuxTail)),
      lowered("LastOfFortyBytes", join(Bytes(36, 1), mss(1460)), join(Bytes(36, 1), mss(kMost4))),
      lowered("BehindOthers", join(kLinuxTail, mss(8960)), join(kLinuxTail, mss(kMost4))),
      {"Ipv6", frame(kSyn | kAck, mss(1440), kEnds6), frame(kSyn | kAck, mss(kMost6), kEnds6)},
      {"WithData", frame(kSyn, mss(1460), {}, 33), frame(kSyn, mss(kMost4), {}, 33)}};
  // At an odd place, with values whose checksums carry.
  for (const uint16_t value : {1401, 1460, 1535, 1536, 0x8000, 0xff00, 0xffff})
    for (const bool odd : {false, true}) {
      const Bytes front = odd ? Bytes{1} : Bytes{1, 1}, back = odd ? Bytes(3, 1) : Bytes(2, 1);
      rows.push_back(lowered((odd ? "Odd" : "Even") + std::to_string(value),
                             join(join(front, mss(value)), back),
                             join(join(front, mss(kMost4)), back)));
    }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Lowered, Mss, testing::ValuesIn(lowered_rows()),
                         [](const auto& row) { return row.param.name; });

Bytes with_byte(Bytes bytes, size_t at, uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

std::vector<MssRow> untouched_rows() {
  const auto syn = [](const Bytes& options) { return frame(kSyn | kAck, options); };
  std::vector<MssRow> rows = {
      untouched("NeverRaised", syn(mss(1399))),
      untouched("Equal", syn(mss(kMost4))),
      untouched("Small", syn(mss(0))),
      untouched("NoOptions", syn({})),
      untouched("NoMss", syn(kLinuxTail)),
      untouched("NoSyn", frame(kAck, mss(1460))),
      untouched("Reset", frame(0x14, mss(1460))),
      untouched("OfAnotherAddress", frame(kSyn | kAck, mss(1460), {"192.0.2.11", kClient4})),
      untouched("ToVip", frame(kSyn, mss(1460), {kClient4, kVip4})),
      untouched("OfAnotherAddress6", frame(kSyn, mss(1460), {"2001:db8::11", kClient6})),
      untouched("BehindTheEnd", syn(join({0, 0, 0, 0}, mss(1460)))),
      untouched("Length0", syn(join({9, 0, 1, 1}, mss(1460)))),
      untouched("Length1", syn(join({9, 1, 1, 1}, mss(1460)))),
      untouched("LengthBeyondTheHeader", syn(join({9, 40, 1, 1}, mss(1460)))),
      untouched("MssOfLength3", syn({2, 3, 5, 1})),
      untouched("MssOfLength6", syn({2, 6, 5, 0xb4, 0, 0, 1, 1})),
      untouched("MssCutOff", syn({1, 1, 2, 4})),
      untouched("KindIsTheLastByte", syn({1, 1, 1, 2})),
      untouched("HeaderBeyondThePacket", with_byte(syn(mss(1460)), 14 + 20 + 12, 0xf0)),
      untouched("HeaderLength4", with_byte(syn(mss(1460)), 14 + 20 + 12, 0x40)),
      untouched("LaterFragment", with_byte(syn(mss(1460)), 14 + 7, 1)),
      untouched("Udp", with_byte(syn(mss(1460)), 14 + 9, 17)),
      untouched("Ipv4HeaderLength4", with_byte(syn(mss(1460)), 14, 0x44)),
      untouched("Ipv6HopByHop", with_byte(frame(kSyn, mss(1460), kEnds6), 14 + 6, 0)),
      untouched("Arp", PacketBuilder()
                           .ethernet("02:00:00:00:00:01", "02:00:00:00:00:0b", 0x0806)
                           .payload(46)
                           .build()),
  };
  const Bytes whole = syn(mss(1460));
  for (size_t n = 14 + 20; n < whole.size(); n++)  // shorter ones the kernel does not make
    rows.push_back(untouched("CutTo" + std::to_string(n), first(whole, n)));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Untouched, Mss, testing::ValuesIn(untouched_rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace sluice::test
