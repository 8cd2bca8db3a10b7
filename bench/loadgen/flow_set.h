// SPDX-License-Identifier: Apache-2.0
// From the number of a flow to the flow: computed, so that millions of them take no memory.
#pragma once

#include <cstdint>

#include "loadgen/traffic.h"

namespace sluice::loadgen {

struct Flow {
  uint32_t vip = 0;  // which of the traffic's
  FlowClass flow_class = FlowClass::kTcp;
  uint32_t client = 0;  // which address of the family's network
  uint16_t port = 0;    // the client's, host byte order; of an echo its identifier

  bool operator==(const Flow&) const = default;
};

// The same for the same traffic, in every run.
class FlowSet {
 public:
  explicit FlowSet(const Traffic& traffic);

  // Every number below room() is another flow; beyond that they come again.
  Flow flow(uint32_t number) const;
  // The same but for the class, in half the time.
  Flow place(uint32_t number) const;
  // The flow of the n-th SYN of the flood.
  Flow flood(uint32_t n) const;
  uint64_t room() const;
  IpAddress client(const Flow& flow) const;

 private:
  Flow place_at(uint64_t index, uint32_t vip) const;

  struct Network {
    IpAddress base;
    uint32_t mask = 0;  // of the bits that tell clients apart
  };
  const Network& network(uint32_t vip) const { return vip_is_v4_[vip] ? v4_ : v6_; }

  Network v4_, v6_;
  std::vector<bool> vip_is_v4_;
  uint64_t seed_;
  std::array<uint64_t, kFlowClasses> up_to_ = {};  // running sums of the classes' weights
};

}  // namespace sluice::loadgen
