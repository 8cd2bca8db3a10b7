// SPDX-License-Identifier: Apache-2.0
// Ports of DPDK. The only part that knows it: what others see of it is bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "loadgen/packet_view.h"
#include "loadgen/port_spec.h"

namespace sluice::loadgen {

struct WireOptions {
  PortSpec tx, rx;               // one port if they are equal
  std::vector<std::string> eal;  // more arguments for DPDK
};

// A frame that was written.
struct Filled {
  size_t size = 0;    // 0: there is none, nor will there be
  uint32_t flow = 0;  // frames of one go out of the same queue
};

struct Sent {
  unsigned filled = 0;  // frames that were written
  unsigned taken = 0;   // ... of which the port took so many; waiting a second for it, if need be
};

struct PortErrors {
  uint64_t not_sent = 0;  // taken, and not sent
  uint64_t missed = 0;    // come, and without room
};

// One in a process, and once: DPDK cannot be started again. One thread may send while another
// receives.
class Wire {
 public:
  // Where no PCI port is asked for, DPDK looks at no device, takes no huge pages and leaves no
  // files: nothing changes for the host but what the interface's own driver does (a packet socket,
  // or an XDP program while it runs).
  static Result<std::unique_ptr<Wire>> open(const WireOptions& options);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();

  // Of the sending port.
  MacAddress mac() const;
  // To be called by every thread that sends or receives, before it does.
  static Result<void> join_thread();

  // Sends up to `n` frames, each of them written by `fill` to kMostSize bytes.
  Sent send(unsigned n, const std::function<Filled(uint8_t*)>& fill);
  // Shows `take` what has come, a burst at a time, and returns how many that are. Does not wait.
  unsigned receive(const std::function<void(std::span<const BytesView>)>& take);
  // So far.
  PortErrors errors() const;

 private:
  struct Ports;
  Wire();
  std::unique_ptr<Ports> ports_;
};

}  // namespace sluice::loadgen
