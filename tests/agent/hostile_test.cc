// SPDX-License-Identifier: Apache-2.0
// Tunnel frames with bytes changed, cut out, put in and cut off, by seed: what the agent opens is a
// client's packet to a VIP, bit for bit, in a tunnel from a balancer; all else stays as it came, or
// is dropped. One loaded program for all of them, with a control behind each.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <memory>

#include "agent/tunnels.h"
#include "agent_xdp.skel.h"
#include "support/datagram.h"
#include "support/mutate.h"
#include "support/rig.h"

namespace sluice::test {
namespace {

constexpr size_t kMutants = 2000;

// A name that does not meet testing::Test::Run() inside a TEST.
using Outcome = Run;

struct Destroy {
  void operator()(agent_xdp* skeleton) const { agent_xdp::destroy(skeleton); }
};

class Agent {
 public:
  Agent() : s_(agent_xdp::open_and_load()) {
    if (!s_) return;
    const uint32_t kinds[] = {SLUICE_AGENT_TUNNEL_FOU, SLUICE_AGENT_TUNNEL_FOU,
                              SLUICE_AGENT_TUNNEL_GUE, SLUICE_AGENT_TUNNEL_GENEVE};
    const uint16_t ports[] = {kFouPort, kFouPort6, kGuePort, kGenevePort};
    for (size_t i = 0; i < std::size(ports); i++) put(s_->maps.ports, htons(ports[i]), kinds[i]);
    for (const std::string& a : {kLocal4, kLocal6}) put(s_->maps.locals, address(a), 1);
    for (const std::string& a : {kVip4, kVip6}) put(s_->maps.vips, address(a), 1);
    for (const std::string& a : {kBalancer4, kBalancer6}) {
      sluice_prefix key = {.length = 128, .word = {}};
      const sluice_addr source = address(a);
      std::copy(source.word, source.word + 4, key.word);
      put(s_->maps.allowed, key, 1);
    }
  }
  bool ok() const { return s_ != nullptr; }

  Outcome run(const Bytes& frame) {
    Result<Outcome> r = run_xdp(bpf_program__fd(s_->progs.sluice_agent), frame);
    if (r) return *r;
    ADD_FAILURE() << r.error().message;
    return {};
  }

  // Frames, whatever became of them.
  uint64_t counted() const {
    return sum(s_->maps.drops, SLUICE_AGENT_DROP_REASON_COUNT, 1) +
           sum(s_->maps.passes, SLUICE_AGENT_PASS_REASON_COUNT, 1) +
           sum(s_->maps.decapsulated, SLUICE_AGENT_TUNNEL_COUNT, 2);
  }

 private:
  static sluice_addr address(const std::string& text) {
    sluice_addr a = {};
    const IpAddress ip = *IpAddress::parse(text);
    std::copy(ip.bytes().begin(), ip.bytes().end(), reinterpret_cast<uint8_t*>(&a));
    return a;
  }
  template <class Key>
  static void put(const bpf_map* map, const Key& key, uint32_t value) {
    EXPECT_EQ(bpf_map_update_elem(bpf_map__fd(map), &key, &value, BPF_ANY), 0);
  }
  // Of values of `words` words, the first of which is a count.
  static uint64_t sum(const bpf_map* map, uint32_t entries, size_t words) {
    std::vector<uint64_t> copies(size_t(libbpf_num_possible_cpus()) * words);
    uint64_t n = 0;
    for (uint32_t i = 0; i < entries; i++) {
      EXPECT_EQ(bpf_map_lookup_elem(bpf_map__fd(map), &i, copies.data()), 0);
      for (size_t at = 0; at < copies.size(); at += words) n += copies[at];
    }
    return n;
  }

  std::unique_ptr<agent_xdp, Destroy> s_;
};

bool is_one_of(const IpAddress& a, const std::string& v4, const std::string& v6) {
  return a == IpAddress::parse(v4) || a == IpAddress::parse(v6);
}

bool has_any(const Reasons& faults, const Reasons& of) {
  for (sluice_drop_reason r : of)
    if (faults.contains(r)) return true;
  return false;
}

// What ECN (RFC 6040) may change: two bits, and with them IPv4's checksum.
void blind_to_ecn(Bytes& ip) {
  if (ip[0] >> 4 == 6) {
    ip[1] &= 0xcf;
    return;
  }
  ip[1] &= 0xfc;
  ip[10] = ip[11] = 0;
}

// Empty, or what is wrong with the packet that came out of `in`.
std::string check_opened(const Bytes& in, const Bytes& out) {
  const Reasons lies = {SLUICE_DROP_IP_HEADER, SLUICE_DROP_IP_LENGTH};
  const Reasons never = {SLUICE_DROP_IP_HEADER, SLUICE_DROP_IP_LENGTH, SLUICE_DROP_TTL,
                         SLUICE_DROP_MARTIAN};
  if (out.size() < 34 || out.size() >= in.size()) return "it has no packet's size";
  const std::optional<Datagram> outer = read_datagram(get16(in, 12), from(in, 14));
  const std::optional<Datagram> inner = read_datagram(get16(out, 12), from(out, 14));
  if (!outer || !inner) return "it is no IP packet";
  if (has_any(outer->faults, lies)) return "the outer header contradicts itself";
  if (outer->part != Part::kWhole) return "the tunnel packet is a fragment";
  if (!outer->checksum_is_right) return "the outer checksum is wrong";
  if (!is_one_of(outer->destination, kLocal4, kLocal6)) return "the tunnel does not end here";
  if (!is_one_of(outer->source, kBalancer4, kBalancer6)) return "the sender is not a balancer";
  if (has_any(inner->faults, never)) return "the inner header contradicts itself";
  if (inner->destination_is_mapped || !is_one_of(inner->destination, kVip4, kVip6))
    return "it is not for a VIP";
  if (first(in, 12) != first(out, 12)) return "the MAC addresses changed";
  Bytes packet = from(out, 14), carried = from(in, in.size() - packet.size());
  blind_to_ecn(packet);
  blind_to_ecn(carried);
  return packet == carried ? "" : "the packet changed";
}

std::string check(const Bytes& in, const Outcome& run) {
  if (run.action == XDP_DROP) return "";
  if (run.action != XDP_PASS) return fmt::format("action {}", run.action);
  return run.packet == in ? "" : check_opened(in, run.packet);
}

std::vector<Bytes> originals() {
  std::vector<Bytes> all;
  for (const Bytes& inner : {inner4(), inner6()}) {
    all.push_back(in4(inner));
    all.push_back(in6(inner));
    for (const Shape& s : shapes()) {
      all.push_back(frame4(s.wrap(inner)));
      all.push_back(frame6(s.wrap(inner)));
    }
  }
  return all;
}

class AgentMutation : public testing::TestWithParam<uint32_t> {};

TEST_P(AgentMutation, NeverGoesWrong) {
  const std::vector<Bytes> good = originals();
  Agent agent;
  ASSERT_TRUE(agent.ok());
  uint64_t frames = 0, wrong = 0, aborted = 0, opened = 0, controls_lost = 0;
  for (const Mutant& m : mutants(good, GetParam(), kMutants)) {
    const Outcome run = agent.run(m.frame);
    const std::string why = check(m.frame, run);
    aborted += run.action == XDP_ABORTED;
    opened += run.action == XDP_PASS && run.packet != m.frame;
    wrong += !why.empty();
    if (!why.empty() && wrong < 5) ADD_FAILURE() << m.name << ": " << why << "\n" << scapy(m.frame);
    const Bytes& control = good[frames % good.size()];
    const Outcome after = agent.run(control);
    controls_lost += after.action != XDP_PASS || after.packet == control ||
                     !check_opened(control, after.packet).empty();
    frames++;
  }
  const uint64_t counted = agent.counted();
  fmt::print(
      "hostile: agent, seed {:<31} {:>7} frames: {} wrong, {} aborted, {} controls lost, "
      "{} opened\n",
      GetParam(), frames, wrong, aborted, controls_lost, opened);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(aborted, 0u);
  EXPECT_EQ(controls_lost, 0u);
  EXPECT_EQ(counted, 2 * frames);
  EXPECT_GT(opened, 100u) << "mutants that are too wild test nothing";
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgentMutation, testing::Values(1u, 2u, 20251125u, 0xdeadbeefu));

}  // namespace
}  // namespace sluice::test
