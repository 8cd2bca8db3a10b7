// SPDX-License-Identifier: Apache-2.0
#include "netns/generations.h"

#include <fmt/format.h>
#include <netinet/in.h>

namespace sluice::netns {
namespace {

constexpr unsigned kServices = 2;  // one for each of the topology's VIPs
constexpr unsigned kPool = 3;      // backends of a service in a generation
static_assert(kGenerationBackends == 2 * kServices * kPool);

// Nobody is in both, and nobody serves two services.
unsigned first_backend(Generation g, unsigned service) {
  return 1 + kPool * (kServices * (unsigned(g) - 1) + service);
}

const char* forward_of(Generation g) {
  return g == Generation::kA ? "ipip" : "gue";
}

const std::string& address_of(const BackendHost& backend, Generation g) {
  return g == Generation::kA ? backend.v4 : backend.v6;
}

uint8_t protocol_of(Generation g, unsigned service) {
  if (g == Generation::kB) return IPPROTO_UDP;
  return service == 0 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

}  // namespace

std::string generation_config(Topology& topology, const Shown& shown,
                              const Attachment& attachment) {
  const Generation g = shown.generation;
  std::string pools, services;
  for (unsigned service = 0; service < kServices; service++) {
    pools += fmt::format("  pool{}:\n    backends:\n", service);
    for (unsigned n = 0; n < kPool; n++) {
      const BackendHost& b = topology.backend(first_backend(g, service) + n);
      pools += fmt::format("      {}: {{address: \"{}\"}}\n", b.name, address_of(b, g));
    }
    services += fmt::format("  service{0}: {{vip: \"{1}\", ports: 9/udp, pool: pool{0}}}\n",
                            service, topology.options().vips.at(service));
  }
  if (shown.range) services += "  range: {vip: 192.0.2.99, ports: 1000-1999/udp, pool: pool0}\n";
  return fmt::format(R"(version: 1
interfaces:
  {}: {{mode: {}, share: {}}}
defaults:
  forward: {}
  tracking: never
  seed: the lab's own secret
pools:
{}services:
{})",
                     kDevice, attachment.mode, attachment.share, forward_of(g), pools, services);
}

// A mark for each backend.
Result<MarkGroups> attach_sink(Topology& topology, NumberedSink& sink) {
  MarkGroups groups;
  for (BackendHost& b : topology.backends())
    if (Result<void> r = sink.attach(*b.host, kDevice); !r) return r.error();
  for (const Generation g : {Generation::kA, Generation::kB})
    for (unsigned service = 0; service < kServices; service++)
      for (unsigned n = 0; n < kPool; n++) {
        const unsigned number = first_backend(g, service) + n;
        const std::string& address = address_of(topology.backend(number), g);
        groups[number] = unsigned(g);
        const NumberedWay way = {.stream = service,
                                 .to = IpAddress::parse(address).value(),
                                 .protocol = protocol_of(g, service)};
        if (Result<void> r = sink.mark(way, number); !r) return r.error();
      }
  return groups;
}

Result<std::unique_ptr<NumberedSender>> send_numbered(Topology& topology, NumberedSink& sink,
                                                      unsigned per_second) {
  NumberedOptions options = {.streams = {}, .to = {}, .per_second = per_second, .sink = &sink};
  for (const std::string& vip : topology.options().vips) options.streams.push_back({.vip = vip});
  const Result<LinkState> link = topology.balancer().netlink().link(kDevice);
  if (!link) return link.error();
  options.to = link->mac;
  return NumberedSender::start(topology.router(), "balancer", options);
}

}  // namespace sluice::netns
