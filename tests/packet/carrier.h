// SPDX-License-Identifier: Apache-2.0
// How a frame gets to the program under test, and what became of it from there: the same rows for
// every hook and for a real link.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "kernel/dataplane.h"
#include "support/packet_builder.h"
#include "support/rig.h"

namespace sluice::test {

class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual Hook hook() const = 0;
  // Interface indices: where frames come in, and another way out.
  virtual uint32_t ingress() const = 0;
  virtual uint32_t elsewhere() const = 0;
  // Bytes of the largest frame it takes.
  virtual size_t longest() const = 0;
  // Whether verdicts are told by the program itself (Features::explain).
  virtual bool needs_fate() const = 0;
  // Called once for each data plane, before its first frame.
  virtual Result<void> use(const Dataplane& dataplane) = 0;
  // The action is XDP_*, whatever the hook calls it.
  virtual Result<Run> carry(const Dataplane& dataplane, const Bytes& frame) = 0;
};

// "test-run": the XDP program by BPF_PROG_TEST_RUN (at tc that refuses frames cut within the IP
// header, and shows no outer VLAN tag). "native", "generic", "tc": over a veth pair.
Result<std::unique_ptr<Carrier>> make_carrier(const std::string& via);
// Made by main() for --via.
Carrier& carrier();
void set_carrier(std::unique_ptr<Carrier> made);

// The verdict that the program has written down on any CPU since forget_fate(), as XDP_*; nothing
// if it has not run.
Result<std::optional<uint32_t>> told_action(const Dataplane& dataplane);
Result<void> forget_fate(const Dataplane& dataplane);

}  // namespace sluice::test
