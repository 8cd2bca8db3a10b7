// SPDX-License-Identifier: Apache-2.0
// Looks at every frame that comes back, and writes down what it means.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "loadgen/flow_set.h"
#include "loadgen/interval.h"
#include "loadgen/ledger.h"
#include "loadgen/packet_view.h"
#include "loadgen/stamp.h"
#include "loadgen/traffic.h"

namespace sluice::loadgen {

struct BackendCount {
  BackendKey backend;
  uint64_t packets = 0;
};

// Whose packets are looked for.
struct CheckOptions {
  uint32_t magic = 0;
  MacAddress to;            // where they were sent: one that still goes there has not been anywhere
  uint64_t start = 0;       // of the run, on the steady clock, in nanoseconds
  uint64_t flows = 0;       // all there will be
  bool known_flows = true;  // they are those of the traffic; off: what a replayed file has
};

class Checker {
 public:
  Checker(const Traffic& traffic, const CheckOptions& options);

  // `now`: when they came, on the steady clock, in nanoseconds. Less than 4 s after they were sent.
  void check(std::span<const BytesView> frames, uint64_t now);
  void announce_change() { ledger_.announce_change(); }

  uint64_t entered() const { return entered_; }  // packets of this run so far
  // Counted by the second in which packets were sent.
  Seconds& seconds() { return seconds_; }
  const Ledger& ledger() const { return ledger_; }
  const std::vector<BackendCount>& backends() const { return backends_; }

 private:
  struct Hash {
    size_t operator()(const BackendKey& key) const;
  };
  void check_one(BytesView frame, uint64_t now);
  bool is_vip(const IpAddress& address) const;
  bool is_of_flow(const IpView& ip, const Stamp& stamp) const;
  uint16_t index_of(const BackendKey& backend);
  void enter(const Stamp& stamp, const BackendKey& backend, uint64_t now);

  const Traffic traffic_;
  const CheckOptions options_;
  FlowSet flows_;
  std::vector<IpAddress> vips_;  // sorted
  Ledger ledger_;
  Seconds seconds_;
  uint64_t entered_ = 0;
  std::unordered_map<BackendKey, uint16_t, Hash> indices_;
  std::vector<BackendCount> backends_;
};

}  // namespace sluice::loadgen
