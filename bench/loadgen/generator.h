// SPDX-License-Identifier: Apache-2.0
// The frames of a run, one after the other.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "loadgen/flow_set.h"
#include "loadgen/frame.h"
#include "loadgen/traffic.h"
#include "loadgen/turns.h"

namespace sluice::loadgen {

class Generator {
 public:
  // `most_flows`: old and new ones of the whole run.
  Generator(const Traffic& traffic, MacAddress from, MacAddress to, uint32_t magic,
            uint64_t most_flows);

  struct Written {
    size_t size;  // kMostSize at most
    uint32_t flow;
  };
  // Writes the next frame. `time` is that of the stamp, `new_flows` as for Turns; of a datagram in
  // fragments the rest comes with the next call.
  Written next(uint8_t* to, uint32_t time, uint64_t new_flows);

  // Packets of each flow so far, by number.
  const std::vector<uint32_t>& sent() const { return sent_; }
  uint64_t flood_sent() const { return flood_sent_; }

 private:
  struct Rest {
    uint32_t number;
    Flow flow;
  };
  // Of the kinds of a class, by weight.
  struct Choice {
    std::vector<Kind> kinds;
    std::vector<uint64_t> up_to;
  };
  Kind choose(FlowClass flow_class, bool first);
  Written write(Shape shape, uint32_t number, const Flow& flow, uint32_t sequence, uint32_t time,
                uint8_t* to);

  FlowSet flows_;
  Turns turns_;
  Random random_;
  uint32_t magic_;
  bool has_syn_;
  std::array<Choice, kFlowClasses> choices_;
  std::array<std::vector<Frame>, kShapes> frames_;  // of each VIP
  std::vector<uint32_t> sent_;
  uint32_t flood_sent_ = 0, datagrams_ = 0;
  std::optional<Rest> rest_;
};

}  // namespace sluice::loadgen
