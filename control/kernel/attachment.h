// SPDX-License-Identifier: Apache-2.0
// The program on one interface: an XDP link, pinned so that it outlives the daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/pins.h"
#include "model/config.h"

namespace sluice {

enum class XdpMode { kNative, kGeneric };

const char* to_string(XdpMode mode);

class Attachment {
 public:
  // Puts `program_fd` on the interface: exchanges the program of the link pinned in `pins` (no
  // packet is lost) where it is there and still on this interface in a mode that `wanted` allows,
  // makes and pins a new link otherwise. Programs of others are left alone; their presence is an
  // error.
  static Result<Attachment> put(const Interface& wanted, uint32_t ifindex, int program_fd,
                                const Pins& pins);

  // Detaches the link pinned as `pin` and removes the pin. When it returns, packets pass.
  static Result<void> remove(const std::string& pin, const Pins& pins);

  const std::string& interface() const { return interface_; }
  uint32_t ifindex() const { return ifindex_; }
  XdpMode mode() const { return mode_; }
  // The name of the interface's pin, and back. The BPF file system takes no dots in names,
  // interface names take no colons: "eth0.7" is pinned as "link-eth0:7".
  static std::string pin_name(const std::string& interface);
  static std::optional<std::string> interface_of_pin(const std::string& pin);

  // Exchanges the program; no packet is lost.
  Result<void> replace(int program_fd) const;
  // Still on its interface? The kernel empties a link whose interface is deleted.
  bool alive() const;

 private:
  Attachment(std::string interface, uint32_t ifindex, XdpMode mode, UniqueFd link)
      : interface_(std::move(interface)), ifindex_(ifindex), mode_(mode), link_(std::move(link)) {}
  static Result<std::optional<Attachment>> adopt(const Interface& wanted, uint32_t ifindex,
                                                 const Pins& pins);
  static Result<Attachment> create(const Interface& wanted, uint32_t ifindex, int program_fd,
                                   const Pins& pins);

  std::string interface_;
  uint32_t ifindex_;
  XdpMode mode_;
  UniqueFd link_;
};

}  // namespace sluice
