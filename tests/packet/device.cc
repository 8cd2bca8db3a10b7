// SPDX-License-Identifier: Apache-2.0
#include "packet/device.h"

#include "kernel/dataplane.h"
#include "kernel/publish.h"
#include "plan/device.h"

namespace sluice::test {

OnDevice::OnDevice(const Scenario& setup) {
  const Image image = compile(desire(setup.config, setup.next_hops, setup.macs), rings_);
  auto loaded =
      DeviceDataplane::load({.name = "host"}, device_capacity_for(image, setup.config.ring_size),
                            hash_key_from_seed(setup.config.seed));
  if (!loaded) {
    ADD_FAILURE() << loaded.error().message;
    return;
  }
  dataplane_ = std::move(*loaded);
  publish(setup);
}

void OnDevice::publish(const Scenario& setup) {
  Image image = compile(desire(setup.config, setup.next_hops, setup.macs), rings_);
  auto plan = make_plan(live_, std::move(image), dataplane_->capacity());
  ASSERT_TRUE(plan) << plan.error().message;
  auto published = sluice::publish(*plan, *dataplane_);
  ASSERT_TRUE(published) << published.error().message;
  live_ = std::move(plan->next);
}

Run OnDevice::run(const Bytes& frame) const {
  auto run = run_xdp(dataplane_->program_fd(), frame, kIngress);
  if (run) return *run;
  ADD_FAILURE() << run.error().message;
  return {};
}

Counters OnDevice::counters() const {
  auto counters = dataplane_->counters(dataplane_->capacity().members);
  if (counters) return *counters;
  ADD_FAILURE() << counters.error().message;
  return {};
}

}  // namespace sluice::test
