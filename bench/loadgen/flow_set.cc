// SPDX-License-Identifier: Apache-2.0
#include "loadgen/flow_set.h"

#include <algorithm>
#include <cstring>

#include "loadgen/random.h"

namespace sluice::loadgen {

namespace {

constexpr uint16_t kFirstPort = 1024;
constexpr uint32_t kPorts = 0x10000 - kFirstPort;
constexpr uint8_t kMostClientBits = 24;
// Odd: times this, modulo a power of two, every number becomes another one.
constexpr uint32_t kStride = 0x9e3779b1;

uint32_t last_word(const IpAddress& address) {
  uint32_t word = 0;
  std::memcpy(&word, address.bytes().data() + 12, sizeof(word));
  return __builtin_bswap32(word);
}

}  // namespace

FlowSet::FlowSet(const Traffic& traffic) : seed_(traffic.seed) {
  const auto network_of = [](const IpPrefix& prefix) {
    const size_t bits = prefix.address.size() * 8 - prefix.length;
    return Network{prefix.address, (1u << std::min<size_t>(bits, kMostClientBits)) - 1};
  };
  v4_ = network_of(traffic.sources_v4);
  v6_ = network_of(traffic.sources_v6);
  for (const Vip& vip : traffic.vips) vip_is_v4_.push_back(vip.address.is_v4());
  for (size_t kind = 0; kind < kKinds; kind++)
    up_to_[size_t(class_of(Kind(kind)))] += traffic.mix[kind];
  for (size_t i = 1; i < kFlowClasses; i++) up_to_[i] += up_to_[i - 1];
}

Flow FlowSet::place_at(uint64_t index, uint32_t vip) const {
  const uint32_t mask = network(vip).mask;
  const uint64_t hosts = uint64_t(mask) + 1;
  return {.vip = vip,
          .client = (uint32_t(index) * kStride + uint32_t(mixed(seed_))) & mask,
          .port = uint16_t(kFirstPort + index / hosts % kPorts)};
}

Flow FlowSet::place(uint32_t number) const {
  const uint32_t vips = uint32_t(vip_is_v4_.size());
  return place_at(number / vips, number % vips);
}

Flow FlowSet::flow(uint32_t number) const {
  Flow flow = place(number);
  const uint64_t all = up_to_.back();
  const uint64_t at = all ? (mixed(seed_ ^ number) >> 32) * all >> 32 : 0;
  const auto* const chosen =
      std::find_if(up_to_.begin(), up_to_.end(), [&](uint64_t end) { return at < end; });
  flow.flow_class = FlowClass(chosen - up_to_.begin());
  return flow;
}

// From everywhere, and unlike the numbered flows: those begin at the lowest port.
Flow FlowSet::flood(uint32_t n) const {
  const uint64_t at = mixed(seed_ + n);
  const uint32_t vip = uint32_t(n % vip_is_v4_.size());
  Flow flow = place_at(at, vip);
  flow.port = uint16_t(kFirstPort + (at >> 32) % kPorts);
  return flow;
}

uint64_t FlowSet::room() const {
  uint64_t least = UINT64_MAX;
  for (uint32_t vip = 0; vip < vip_is_v4_.size(); vip++)
    least = std::min(least, (uint64_t(network(vip).mask) + 1) * kPorts);
  return least * vip_is_v4_.size();
}

IpAddress FlowSet::client(const Flow& flow) const {
  IpAddress::Bytes bytes = network(flow.vip).base.bytes();
  const uint32_t word = __builtin_bswap32(last_word(network(flow.vip).base) | flow.client);
  std::memcpy(bytes.data() + 12, &word, sizeof(word));
  return IpAddress(bytes);
}

}  // namespace sluice::loadgen
