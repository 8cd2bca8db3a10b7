// SPDX-License-Identifier: Apache-2.0
// Somebody else who uses XDP on an interface: xdp-loader with a program that counts packets. It is
// a process of its own that knows nothing of sluice but the BPF file system they have in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "netns/host.h"

namespace sluice::netns {

class Neighbour {
 public:
  // Loads its program, with that priority. It stays until the interface or the lab goes.
  static Result<Neighbour> load(const Host& host, const std::string& device, unsigned priority);

  // How many packets it has seen.
  Result<uint64_t> seen() const;
  Result<void> unload() const;

 private:
  Neighbour(const Host& host, std::string device, std::string pin, uint32_t id)
      : host_(&host), device_(std::move(device)), pin_(std::move(pin)), id_(id) {}
  const Host* host_;
  std::string device_, pin_;
  uint32_t id_;
};

// Whether this kernel lets programs like ours share an interface, and why not: tried with the
// neighbour's alone, so that what sluice says of it has no part in the answer.
Result<void> try_sharing(Host& host);

// A program that a dispatcher calls, as xdp-loader lists it.
struct Listed {
  unsigned priority;
  std::string name;
  uint32_t id;
  std::string continue_after;  // "XDP_PASS,XDP_DROP"

  bool operator==(const Listed&) const = default;
};

// In the order they run in; none where the interface has no dispatcher.
Result<std::vector<Listed>> list_dispatched(const Host& host, const std::string& device);

}  // namespace sluice::netns
