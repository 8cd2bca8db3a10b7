// SPDX-License-Identifier: Apache-2.0
#include "packet/fixture.h"

#include <linux/bpf.h>
#include <netinet/in.h>

#include "kernel/publish.h"
#include "packet/carrier.h"

namespace sluice::test {

namespace {

NextHop way_to(const IpAddress& backend, uint32_t ifindex) {
  const std::string& source = backend.is_v4() ? kSource4 : kSource6;
  return {.ifindex = ifindex,
          .interface = "test",
          .source = *MacAddress::parse(kOurMac),
          .destination = *MacAddress::parse(kRouterMac),
          .preferred_source = *IpAddress::parse(source),
          .mtu = 1600};
}

}  // namespace

void add_backend(Scenario& setup, const std::string& address, uint32_t weight, uint32_t ifindex) {
  const IpAddress a = *IpAddress::parse(address);
  setup.config.pools["pool"].backends.push_back(
      {.name = address, .address = a, .weight = weight, .forward = {}});
  setup.next_hops[a] = way_to(a, ifindex);
}

Scenario one_backend(bool v6_backend) {
  Scenario s;
  s.config.seed = "seed of the packet rows";
  s.config.ring_size = 251;
  s.config.pools["pool"].name = "pool";
  s.config.services.push_back(
      {.name = "web",
       .vips = {*IpPrefix::parse(kVip4), *IpPrefix::parse(kVip6)},
       .ports = {PortRange::one(80, IPPROTO_TCP), PortRange::one(443, IPPROTO_UDP)},
       .pool = "pool"});
  add_backend(s, v6_backend ? "2001:db8:b::11" : "203.0.113.11", 100);
  return s;
}

void PrintTo(const Row& row, std::ostream* os) {
  *os << row.name << ": " << scapy(row.in);
}

// Next hops by the carrier's interfaces.
NextHops Loaded::ways(const Scenario& setup) {
  NextHops hops = setup.next_hops;
  for (auto& [backend, hop] : hops)
    hop.ifindex = hop.ifindex == kIngress ? carrier().ingress() : carrier().elsewhere();
  return hops;
}

Loaded::Loaded(const Scenario& setup, Features features) {
  const Image image = compile(desire(setup.config, ways(setup), setup.macs), rings_);
  features.explain |= carrier().needs_fate();
  auto loaded =
      Dataplane::load(capacity_for(image, setup.config.ring_size),
                      hash_key_from_seed(setup.config.seed), features, {carrier().hook()});
  if (!loaded) {
    ADD_FAILURE() << loaded.error().message;
    return;
  }
  if (Result<void> r = carrier().use(**loaded); !r) {
    ADD_FAILURE() << r.error().message;
    return;
  }
  dataplane_ = std::move(*loaded);
  publish(setup);
}

void Loaded::publish(const Scenario& setup) {
  Image image = compile(desire(setup.config, ways(setup), setup.macs), rings_);
  auto plan = make_plan(live_, std::move(image), dataplane_->capacity());
  ASSERT_TRUE(plan) << plan.error().message;
  auto published = sluice::publish(*plan, *dataplane_);
  ASSERT_TRUE(published) << published.error().message;
  live_ = std::move(plan->next);
}

Run Loaded::run(const Bytes& frame) {
  auto run = carrier().carry(*dataplane_, frame);
  if (run) return *run;
  ADD_FAILURE() << run.error().message;
  return {};
}

Counters Loaded::counters() {
  auto counters = read_counters(*dataplane_, dataplane_->capacity().members);
  if (counters) return *counters;
  ADD_FAILURE() << counters.error().message;
  return {};
}

std::string outer_destination4(const Bytes& frame) {
  return IpAddress::from_v4(frame.data() + 14 + 16).to_string();
}

void check_row(const Row& row) {
  Loaded loaded(row.setup);
  ASSERT_TRUE(loaded.ok());
  const Outcome run = loaded.run(row.in);
  const Expect& e = row.expect;
  EXPECT_EQ(run.action, e.action);
  const bool sent = e.action == XDP_TX || e.action == XDP_REDIRECT;
  const bool forwarded = sent && !e.reply;
  if (e.action != XDP_DROP) {
    EXPECT_EQ(run.packet, sent ? e.out : row.in) << "got: " << scapy(run.packet);
  }

  const Counters c = loaded.counters();
  for (size_t i = 0; i < c.drops.size(); i++)
    EXPECT_EQ(c.drops[i], e.drop && size_t(*e.drop) == i ? 1u : 0u) << kDropTexts[i].name;
  for (size_t i = 0; i < c.passes.size(); i++)
    EXPECT_EQ(c.passes[i], e.pass && size_t(*e.pass) == i ? 1u : 0u) << kPassTexts[i].name;
  for (size_t i = 0; i < c.replies.size(); i++)
    EXPECT_EQ(c.replies[i], e.reply && size_t(*e.reply) == i ? 1u : 0u) << kReplyTexts[i].name;
  sluice_counter total = {};
  for (const sluice_counter& m : c.members) {
    total.packets += m.packets;
    total.bytes += m.bytes;
  }
  EXPECT_EQ(total.packets, forwarded ? 1u : 0u);
  EXPECT_EQ(total.bytes, forwarded ? e.bytes : 0u);
}

PacketBuilder frame4(Ipv4 ip) {
  return PacketBuilder().ethernet(kOurMac, kRouterMac).ipv4(std::move(ip));
}
PacketBuilder frame6(Ipv6 ip) {
  return PacketBuilder().ethernet(kOurMac, kRouterMac).ipv6(std::move(ip));
}
Bytes tcp4(Ipv4 ip) {
  return frame4(std::move(ip)).tcp({31337, 80}).payload(5).build();
}
Bytes tcp6(Ipv6 ip) {
  return frame6(std::move(ip)).tcp({31337, 80}).payload(5).build();
}

}  // namespace sluice::test
