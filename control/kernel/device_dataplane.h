// SPDX-License-Identifier: Apache-2.0
// The data plane in a network device: the reduced program, on tables of the device.
//
// It has been run on no hardware, for want of any; what it asks of a device is what the one driver
// that takes XDP programs (nfp) is known to give. The same program and tables are tested on the
// host.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "abi/flow_hash.h"
#include "kernel/loaded_dataplane.h"
#include "kernel/skeleton.h"

struct sluice_offload;  // the skeleton

namespace sluice {

struct Device {
  std::string name;
  uint32_t ifindex = 0;  // 0: no device, the program runs on the host
};

class DeviceDataplane : public LoadedDataplane {
 public:
  // Makes maps of `device` to fit `capacity` and loads the reduced program for it. On an error the
  // message begins with the device's name and says what it lacks: programs at all, a map (its kind
  // and size), or an instruction (the driver's last words). Nothing is attached.
  static Result<std::unique_ptr<DeviceDataplane>> load(const Device& device,
                                                       const Capacity& capacity,
                                                       const sluice_hash_key& key);
  ~DeviceDataplane() override;

  const Capacity& capacity() const override { return capacity_; }
  int program_fd() const;
  Programs programs() const override { return {.xdp = program_fd()}; }
  Result<Counters> counters(uint32_t members) const override;

  void patch_mac(const PatchMac& patch) override;
  void patch_life(const PatchLife& patch) override;
  Result<void> put_members(std::span<const PutMember> members) override;
  Result<void> put_rings(std::span<const PutRing> rings) override;
  // Fails: check_device() lets no plan come here that has prefixes.
  Result<void> put_prefixes(std::span<const PutPrefixes> tables) override;
  Result<void> swap_generation(const GenerationBytes& bytes) override;
  Result<void> release_rings(std::span<const uint32_t>, std::span<const uint32_t>) override {
    return {};
  }
  Result<void> release_prefixes(std::span<const uint32_t>) override { return {}; }

 private:
  DeviceDataplane(Device device, const Capacity& capacity, SkeletonPtr<sluice_offload> loaded);
  int map_fd(const char* name) const;
  Result<void> put_member(const PutMember& put);

  Device device_;
  Capacity capacity_;
  SkeletonPtr<sluice_offload> loaded_;
  std::vector<sluice_member> members_;  // as they stand in the device
  GenerationBytes generations_[2];      // the same, by turn; empty: not known
};

}  // namespace sluice
