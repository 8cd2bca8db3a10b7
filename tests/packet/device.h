// SPDX-License-Identifier: Apache-2.0
// The reduced program on the host: a device's tables and a device's program, with no device.
#pragma once

#include <memory>

#include "kernel/device_dataplane.h"
#include "packet/fixture.h"

namespace sluice::test {

// As Loaded, which is the host's program.
class OnDevice {
 public:
  // Fails the test on an error.
  explicit OnDevice(const Scenario& setup);
  void publish(const Scenario& setup);
  Run run(const Bytes& frame) const;
  Counters counters() const;
  const Live& live() const { return live_; }
  DeviceDataplane& dataplane() { return *dataplane_; }
  bool ok() const { return dataplane_ != nullptr; }

 private:
  RingCache rings_;
  Live live_;
  std::unique_ptr<DeviceDataplane> dataplane_;
};

}  // namespace sluice::test
