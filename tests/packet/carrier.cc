// SPDX-License-Identifier: Apache-2.0
#include "packet/carrier.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <vector>

#include "packet/wire.h"

namespace sluice::test {

namespace {

constexpr uint32_t kLoopback = 1, kNoSuchInterface = 9;  // loopback is always there
constexpr uint8_t kNothingYet = 0xff;

std::unique_ptr<Carrier> current;

class TestRun : public Carrier {
 public:
  Hook hook() const override { return Hook::kXdp; }
  uint32_t ingress() const override { return kLoopback; }
  uint32_t elsewhere() const override { return kNoSuchInterface; }
  // Half a page: what more a kernel takes in one piece differs.
  size_t longest() const override { return 2048; }
  bool needs_fate() const override { return false; }
  Result<void> use(const Dataplane&) override { return {}; }
  Result<Run> carry(const Dataplane& dataplane, const Bytes& frame) override {
    return run_xdp(dataplane.program_fd(Hook::kXdp), frame, kLoopback);
  }
};

uint32_t action_of(uint8_t verdict) {
  switch (verdict) {
    case SLUICE_FATE_PASS:
      return XDP_PASS;
    case SLUICE_FATE_TX:
    case SLUICE_FATE_REPLY:
      return XDP_TX;
    case SLUICE_FATE_REDIRECT:
      return XDP_REDIRECT;
    default:
      return XDP_DROP;
  }
}

}  // namespace

Result<void> forget_fate(const Dataplane& dataplane) {
  const int cpus = libbpf_num_possible_cpus();
  const std::vector<sluice_fate> none(size_t(std::max(cpus, 1)), {.verdict = kNothingYet});
  const uint32_t zero = 0;
  if (bpf_map_update_elem(dataplane.fate_fd(), &zero, none.data(), BPF_ANY) != 0)
    return errno_error("forget the last packet's fate");
  return {};
}

Result<std::optional<uint32_t>> told_action(const Dataplane& dataplane) {
  const int cpus = libbpf_num_possible_cpus();
  std::vector<sluice_fate> fates(size_t(std::max(cpus, 1)));
  const uint32_t zero = 0;
  if (bpf_map_lookup_elem(dataplane.fate_fd(), &zero, fates.data()) != 0)
    return errno_error("read a packet's fate");
  for (const sluice_fate& f : fates)
    if (f.verdict != kNothingYet) return std::optional(action_of(f.verdict));
  return std::optional<uint32_t>();
}

Result<std::unique_ptr<Carrier>> make_carrier(const std::string& via) {
  if (via == "test-run") return std::make_unique<TestRun>();
  if (via == "native") return make_wire(WireMode::kNative);
  if (via == "generic") return make_wire(WireMode::kGeneric);
  if (via == "tc") return make_wire(WireMode::kTc);
  return Error{"--via " + via + ": test-run, native, generic or tc"};
}

Carrier& carrier() {
  return *current;
}

void set_carrier(std::unique_ptr<Carrier> made) {
  current = std::move(made);
}

}  // namespace sluice::test
