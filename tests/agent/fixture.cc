// SPDX-License-Identifier: Apache-2.0
#include "agent/fixture.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "agent_tc.skel.h"
#include "agent_xdp.skel.h"
#include "support/rig.h"

namespace sluice::test {

namespace {

// Skeletons of the two hooks have maps and a program of the same names.
struct Destroy {
  void operator()(agent_xdp* skeleton) const { agent_xdp::destroy(skeleton); }
  void operator()(agent_tc* skeleton) const { agent_tc::destroy(skeleton); }
};
template <class T>
using Skeleton = std::unique_ptr<T, Destroy>;

sluice_addr address(const std::string& text) {
  sluice_addr a = {.word = {0, 0, htonl(0xffff), 0}};
  const bool v6 = text.find(':') != std::string::npos;
  void* to = v6 ? static_cast<void*>(a.word) : &a.word[3];
  if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), to) != 1) std::abort();
  return a;
}

void put(const bpf_map* map, const void* key) {
  const uint32_t value = 1;
  ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(map), key, &value, BPF_ANY), 0) << strerror(errno);
}

void put_address(const bpf_map* map, const std::string& text) {
  const sluice_addr key = address(text);
  put(map, &key);
}

void put_prefix(const bpf_map* map, const std::string& text, uint32_t length) {
  sluice_prefix key = {.length = length, .word = {}};
  const sluice_addr a = address(text);
  std::memcpy(key.word, a.word, sizeof(key.word));
  put(map, &key);
}

void put_port(const bpf_map* map, uint16_t port, uint32_t kind) {
  const uint16_t key = htons(port);
  ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(map), &key, &kind, BPF_ANY), 0) << strerror(errno);
}

template <class T>
Skeleton<T> load(bool everybody) {
  Skeleton<T> s(T::open_and_load());
  if (!s) return s;
  for (const std::string& local : {kLocal4, kLocal6}) put_address(s->maps.locals, local);
  for (const std::string& vip : {kVip4, kVip6}) put_address(s->maps.vips, vip);
  put_port(s->maps.ports, kFouPort, SLUICE_AGENT_TUNNEL_FOU);
  put_port(s->maps.ports, kFouPort6, SLUICE_AGENT_TUNNEL_FOU);
  put_port(s->maps.ports, kGuePort, SLUICE_AGENT_TUNNEL_GUE);
  put_port(s->maps.ports, kGenevePort, SLUICE_AGENT_TUNNEL_GENEVE);
  put_prefix(s->maps.allowed, kBalancer4, 128);
  put_prefix(s->maps.allowed, kBalancer6, 128);
  put_prefix(s->maps.allowed, kAllowedNet4, 96 + 25);
  put_prefix(s->maps.allowed, kAllowedNet6, 49);
  put_prefix(s->maps.allowed, "172.16.0.0", 96 + 12);
  put_prefix(s->maps.allowed, "fd00::", 8);
  put_prefix(s->maps.allowed, "100::", 64);
  if (everybody) {
    put_prefix(s->maps.allowed, "0.0.0.0", 96);
    put_prefix(s->maps.allowed, "::", 0);
  }
  return s;
}

template <class T>
std::vector<T> read(const bpf_map* map, uint32_t index) {
  std::vector<T> copies(static_cast<size_t>(libbpf_num_possible_cpus()));
  EXPECT_EQ(bpf_map_lookup_elem(bpf_map__fd(map), &index, copies.data()), 0);
  return copies;
}

uint64_t total(const bpf_map* map, uint32_t index) {
  uint64_t sum = 0;
  for (uint64_t n : read<uint64_t>(map, index)) sum += n;
  return sum;
}

template <class T>
void check_counters(const T& s, const Row& row) {
#define X(name, text) #name,
  const char* const drops[] = {SLUICE_AGENT_DROP_REASONS(X)};
  const char* const passes[] = {SLUICE_AGENT_PASS_REASONS(X)};
  const char* const tunnels[] = {SLUICE_AGENT_TUNNELS(X)};
#undef X
  for (uint32_t i = 0; i < SLUICE_AGENT_DROP_REASON_COUNT; i++)
    EXPECT_EQ(total(s.maps.drops, i), row.drop && *row.drop == i ? 1u : 0u) << drops[i];
  for (uint32_t i = 0; i < SLUICE_AGENT_PASS_REASON_COUNT; i++)
    EXPECT_EQ(total(s.maps.passes, i), row.pass && *row.pass == i ? 1u : 0u) << passes[i];
  for (uint32_t i = 0; i < SLUICE_AGENT_TUNNEL_COUNT; i++) {
    const bool expected = !row.out.empty() && i == row.tunnel;
    uint64_t packets = 0, bytes = 0;
    for (const sluice_counter& n : read<sluice_counter>(s.maps.decapsulated, i)) {
      packets += n.packets;
      bytes += n.bytes;
    }
    EXPECT_EQ(packets, expected ? 1u : 0u) << tunnels[i];
    EXPECT_EQ(bytes, expected ? row.bytes : 0u) << tunnels[i];
  }
}

}  // namespace

void PrintTo(const Row& row, std::ostream* os) {
  *os << row.name << ": " << scapy(row.in);
}

Row drop_row(std::string name, Bytes in, sluice_agent_drop_reason why) {
  return {.name = std::move(name), .in = std::move(in), .drop = why};
}

Row pass_row(std::string name, Bytes in, sluice_agent_pass_reason why) {
  return {.name = std::move(name), .in = std::move(in), .drop = {}, .pass = why};
}

Row open_row(std::string name, Bytes in, const Bytes& inner, const Bytes& behind) {
  const uint16_t type = inner.at(0) >> 4 == 4 ? 0x0800 : 0x86dd;
  Bytes out =
      PacketBuilder().ethernet(kOurMac, kRouterMac, type).payload(join(inner, behind)).build();
  return {.name = std::move(name),
          .in = std::move(in),
          .drop = {},
          .pass = {},
          .out = std::move(out),
          .bytes = inner.size()};
}

namespace {

constexpr uint32_t kChecksumComplete = 1 << 2;  // BPF_F_TEST_SKB_CHECKSUM_COMPLETE, Linux 6.15

// At tc ingress, as a packet of which the NIC has told the checksum (CHECKSUM_COMPLETE) where this
// kernel knows how: a program that leaves it wrong fails with EBADMSG.
Result<Run> run_skb(int program_fd, const Bytes& frame, uint32_t segment) {
  __sk_buff before = {};
  before.gso_size = segment;
  Run run;
  run.packet.resize(frame.size() + 512);
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = run.packet.data(),
              .data_size_in = uint32_t(frame.size()), .data_size_out = uint32_t(run.packet.size()),
              .ctx_in = &before, .ctx_size_in = sizeof(before), .flags = kChecksumComplete);
  int r = bpf_prog_test_run_opts(program_fd, &options);
  if (r == -EINVAL) {
    options.flags = 0;
    r = bpf_prog_test_run_opts(program_fd, &options);
  }
  if (r < 0) return errno_error("BPF_PROG_TEST_RUN at tc", r);
  run.action = options.retval;
  run.packet.resize(options.data_size_out);
  return run;
}

void check_run(const Result<Run>& run, uint32_t pass, uint32_t drop, const Row& row) {
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->action, row.drop ? drop : pass);
  if (!row.drop) {
    EXPECT_EQ(run->packet, row.out.empty() ? row.in : row.out) << "got: " << scapy(run->packet);
  }
}

}  // namespace

void check_row_at_tc(const Row& row, uint32_t segment) {
  SCOPED_TRACE("at tc");
  const Skeleton<agent_tc> s = load<agent_tc>(row.everybody);
  ASSERT_TRUE(s) << strerror(errno);
  check_run(run_skb(bpf_program__fd(s->progs.sluice_agent), row.in, segment),
            uint32_t(TC_ACT_UNSPEC), TC_ACT_SHOT, row);
  check_counters(*s, row);
}

void check_row(const Row& row) {
  {
    SCOPED_TRACE("at XDP");
    const Skeleton<agent_xdp> s = load<agent_xdp>(row.everybody);
    ASSERT_TRUE(s) << strerror(errno);
    check_run(run_xdp(bpf_program__fd(s->progs.sluice_agent), row.in), XDP_PASS, XDP_DROP, row);
    check_counters(*s, row);
  }
  if (!row.no_skb) check_row_at_tc(row);
}

Bytes inner4(Ipv4 ip) {
  return PacketBuilder().ipv4(std::move(ip)).udp({40000, 53}).payload(3).build();
}

Bytes inner6(Ipv6 ip) {
  return PacketBuilder().ipv6(std::move(ip)).udp({40000, 53}).payload(3).build();
}

namespace {

uint8_t protocol_of(const Bytes& inner) {
  return !inner.empty() && inner[0] >> 4 == 6 ? 41 : 4;
}

}  // namespace

Bytes in4(const Bytes& inner, Ipv4 ip) {
  if (!ip.protocol) ip.protocol = protocol_of(inner);
  return PacketBuilder().ethernet(kOurMac, kRouterMac).ipv4(std::move(ip)).payload(inner).build();
}

Bytes in6(const Bytes& inner, Ipv6 ip) {
  if (!ip.next_header) ip.next_header = protocol_of(inner);
  return PacketBuilder().ethernet(kOurMac, kRouterMac).ipv6(std::move(ip)).payload(inner).build();
}

}  // namespace sluice::test
