// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "compare/bpf/traffic_abi.h"
#include "compare/traffic.h"
#include "kernel/load_log.h"
#include "kernel/skeleton.h"
#include "netns/checksum.h"
#include "netns/xdp.h"
#include "program/order.h"
#include "traffic.skel.h"

namespace sluice::bench {

namespace {

constexpr size_t kFrame = 64;
constexpr size_t kDatagram = kFrame - BENCH_ETHERNET_LENGTH - sizeof(bench_ipv4);
constexpr uint32_t kBatch = 64;  // a veth's queue has room for four of them

static_assert(kSiteBackends == TRAFFIC_BACKENDS);

uint32_t as_stored(const std::string& address) {
  uint32_t out = 0;
  std::memcpy(&out, IpAddress::parse(address)->data(), sizeof(out));
  return out;
}

bench_ethernet ethernet_of(const Site& site) {
  const auto &to = site.balancer_mac.bytes(), &from = site.network_mac.bytes();
  bench_ethernet eth = {};
  std::memcpy(&eth.to_begin, to.data(), 4);
  std::memcpy(&eth.to_end, to.data() + 4, 2);
  std::memcpy(&eth.from_begin, from.data(), 2);
  std::memcpy(&eth.from_end, from.data() + 2, 4);
  eth.type = htons(ETHERTYPE_IP);
  return eth;
}

traffic_packet packet_of(const Site& site) {
  traffic_packet p = {.ethernet = ethernet_of(site)};
  p.ipv4 = {.version_and_length = 4 << 4 | sizeof(bench_ipv4) / 4,
            .length = htons(uint16_t(kFrame - BENCH_ETHERNET_LENGTH)),
            .fragment = htons(0x4000),  // do not fragment
            .ttl = 64,
            .protocol = IPPROTO_UDP,
            .source = 0,
            .destination = as_stored(kSiteVip)};
  p.udp = {.destination = htons(kSitePort), .length = htons(uint16_t(kDatagram))};
  p.ipv4_sum = netns::sum_of_words(&p.ipv4, sizeof(p.ipv4));
  // The payload is zeros. Of the pseudo header: destination, protocol, length.
  p.udp_sum = netns::sum_of_words(&p.udp, sizeof(p.udp)) +
              netns::sum_of_words(&p.ipv4.destination, sizeof(p.ipv4.destination)) +
              htons(IPPROTO_UDP) + htons(uint16_t(kDatagram));
  p.ipv4.source = as_stored(kClients);
  return p;
}

traffic_delivery delivery_of(const Delivery& d) {
  const bool to_backend = d.to == Delivery::To::kBackend;
  const uint32_t mask = to_backend ? inet_addr("255.255.255.0") : INADDR_NONE;
  return {.to = as_stored(to_backend ? backend_address(1) : kSiteVip) & mask,
          .mask = mask,
          .length = uint32_t(kFrame + d.growth),
          .protocol = d.protocol,
          .by_mac = d.to == Delivery::To::kBackendMac};
}

class LiveFrames : public Traffic {
 public:
  static Result<std::unique_ptr<Traffic>> open(Site& site, const Delivery& delivery) {
    LoadLog log;
    SkeletonPtr<traffic> programs(traffic::open());
    if (!programs) return errno_error("open the traffic's programs");
    const traffic_packet packet = packet_of(site);
    const traffic_delivery wanted = delivery_of(delivery);
    std::memcpy(&programs->rodata->packet, &packet, sizeof(packet));
    std::memcpy(&programs->rodata->delivery, &wanted, sizeof(wanted));
    if (int r = traffic::load(programs.get()); r < 0)
      return Error{errno_error("load the traffic's programs", r).message + log.tail()};
    std::unique_ptr<LiveFrames> out(new LiveFrames);
    Result<UniqueFd> link = netns::attach_xdp(*site.network, kSiteDevice,
                                              bpf_program__fd(programs->progs.count_packet));
    if (!link) return link.error();
    out->programs_ = std::move(programs);
    out->link_ = std::move(*link);
    return out;
  }

  Result<void> send(uint64_t packets, uint32_t flows) override {
    const unsigned device = ::if_nametoindex(kSiteDevice);
    if (device == 0) return errno_error("find the network's device");
    const unsigned cpu = unsigned(::sched_getcpu()) % TRAFFIC_CPUS;
    traffic_order& order = programs_->bss->orders[cpu];
    order.multiplier = kMeasureMultiplier;
    order.mask = flows - 1;
    order.first = uint64_t(cpu) * flows;
    std::vector<uint8_t> frame(kFrame);
    xdp_md context = {.data_end = uint32_t(frame.size()), .ingress_ifindex = device};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = uint32_t(frame.size()), .ctx_in = &context,
                .ctx_size_in = sizeof(context), .repeat = int(packets),
                .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = kBatch);
    if (int r = bpf_prog_test_run_opts(bpf_program__fd(programs_->progs.make_packet), &options);
        r < 0)
      return errno_error("send live frames", r);
    return {};
  }

  Passage passage() const override {
    Passage sum;
    for (const traffic_order& order : programs_->bss->orders) sum.sent += order.sequence;
    const size_t cpus = size_t(libbpf_num_possible_cpus());
    std::vector<traffic_count> of_cpus(cpus);
    const uint32_t zero = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(programs_->maps.counts), &zero, of_cpus.data()) != 0)
      return sum;
    for (const traffic_count& c : of_cpus) {
      sum.delivered += c.delivered;
      sum.astray += c.astray;
      sum.reached |= c.reached;
    }
    return sum;
  }

 private:
  LiveFrames() = default;

  SkeletonPtr<traffic> programs_;
  UniqueFd link_;
};

}  // namespace

Result<std::unique_ptr<Traffic>> live_frames(Site& site, const Delivery& delivery) {
  return LiveFrames::open(site, delivery);
}

}  // namespace sluice::bench
