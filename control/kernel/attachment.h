// SPDX-License-Identifier: Apache-2.0
// The daemon's program on one interface, pinned among the daemon's pins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "kernel/attached_program.h"
#include "kernel/pins.h"
#include "model/config.h"

namespace sluice {

class Attachment {
 public:
  // Puts `program` on the interface: exchanges the program that is pinned in `pins` (no packet
  // is lost) where it is there and still on this interface in a mode that `wanted` allows, attaches
  // and pins it otherwise.
  static Result<Attachment> put(const Interface& wanted, uint32_t ifindex, const Program& program,
                                const Pins& pins);

  // What is pinned as `pin`, if something is.
  static Result<std::optional<Attachment>> look_at(const std::string& pin, const Pins& pins);

  // Detaches what is pinned as `pin` and removes the pin. When it returns, packets pass.
  static Result<void> remove(const std::string& pin, const Pins& pins);

  const std::string& interface() const { return interface_; }
  uint32_t ifindex() const { return program_.ifindex(); }
  Hook hook() const { return program_.hook(); }
  const char* mode() const { return program_.mode(); }
  const char* by() const { return program_.by(); }
  const std::string& why_alone() const { return program_.why_alone(); }
  // How the interface is to be shared; of one that was looked at, whether alone.
  const std::optional<Share>& share() const { return share_; }
  // The name of the interface's pin, and back. The BPF file system takes no dots in names,
  // interface names take no colons: "eth0.7" is pinned as "link-eth0:7".
  static std::string pin_name(const std::string& interface);
  static std::optional<std::string> interface_of_pin(const std::string& pin);

  // Exchanges the program; no packet is lost. `share` as in the Interface.
  Result<void> replace(const Program& program, const std::optional<Share>& share);
  Result<void> replace(const Program& program) { return replace(program, share_); }
  // Still on its interface? The kernel empties a link whose interface is deleted.
  bool alive() const { return program_.alive(); }

 private:
  Attachment(std::string interface, AttachedProgram program)
      : interface_(std::move(interface)), program_(std::move(program)) {}

  std::string interface_;
  AttachedProgram program_;
  std::optional<Share> share_;
};

}  // namespace sluice
