// SPDX-License-Identifier: Apache-2.0
// Whole frames out of and into an interface (packet(7)).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "support/packet_builder.h"

namespace sluice::test {

class PacketSocket {
 public:
  static Result<PacketSocket> open(uint32_t ifindex);
  Result<void> send(const Bytes& frame) const;
  // The next frame that came in, VLAN tags and all; nothing when none does in time.
  Result<std::optional<Bytes>> receive(std::chrono::milliseconds patience) const;

 private:
  explicit PacketSocket(UniqueFd socket) : socket_(std::move(socket)) {}
  UniqueFd socket_;
};

}  // namespace sluice::test
