// SPDX-License-Identifier: Apache-2.0
#include "program/controls.h"

#include <bpf/libbpf.h>
#include <net/ethernet.h>
#include <netinet/in.h>

#include <cstring>

#include "base/ip_address.h"
#include "bench_controls.skel.h"
#include "kernel/load_log.h"
#include "kernel/skeleton.h"
#include "plan/member_head.h"
#include "program/packet.h"

namespace sluice::bench {

struct Controls::Loaded {
  SkeletonPtr<bench_controls> skeleton;
};

namespace {

// What the control plane would put in front of an IPv4 packet for an IPIP backend, with the length
// that the measured packet has.
sluice_member ready_head() {
  const Backend backend = {
      .name = "control", .address = *IpAddress::parse("203.0.113.1"), .forward = {}};
  const NextHop way = {.ifindex = 1,
                       .interface = "eth0",
                       .source = *MacAddress::parse(kBalancerMac),
                       .destination = *MacAddress::parse(kRouterMac),
                       .preferred_source = *IpAddress::parse("203.0.113.254"),
                       .mtu = 1500};
  sluice_member m =
      member_head(backend, {.way = way, .mtu = way.mtu, .keep_vlan = true}, InnerFamily::kV4);
  const size_t inner = frame_of(headers_of({.destination = "192.0.2.1"}), 0).size() - ETH_HLEN;
  const uint16_t length = htons(uint16_t(m.head_len - ETH_HLEN + inner));
  constexpr size_t kLengthAt = ETH_HLEN + 2, kChecksumAt = ETH_HLEN + 10;
  uint8_t* const head = reinterpret_cast<uint8_t*>(m.head);
  uint32_t sum = uint32_t(m.csum) + length;
  sum = (sum & 0xffff) + (sum >> 16);
  const uint16_t checksum = uint16_t(~sum);
  std::memcpy(head + kLengthAt, &length, sizeof(length));
  std::memcpy(head + kChecksumAt, &checksum, sizeof(checksum));
  return m;
}

}  // namespace

Result<Controls> Controls::load() {
  LoadLog log;
  SkeletonPtr<bench_controls> s(bench_controls::open());
  if (!s) return errno_error("open the control programs");
  const sluice_member head = ready_head();
  std::memcpy(&s->rodata->head, head.head, head.head_len);
  if (int r = bench_controls::load(s.get()); r < 0)
    return Error{errno_error("load the control programs", r).message + log.tail()};
  return Controls(std::make_unique<Loaded>(Loaded{std::move(s)}));
}

Controls::Controls(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {
}
Controls::Controls(Controls&&) noexcept = default;
Controls::~Controls() = default;

int Controls::null_tx() const {
  return bpf_program__fd(loaded_->skeleton->progs.null_tx);
}

int Controls::encap_only() const {
  return bpf_program__fd(loaded_->skeleton->progs.encap_only);
}

int Controls::encap_words() const {
  return bpf_program__fd(loaded_->skeleton->progs.encap_words);
}

}  // namespace sluice::bench
