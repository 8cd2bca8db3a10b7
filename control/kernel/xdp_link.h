// SPDX-License-Identifier: Apache-2.0
// An XDP program of ours on an interface: a link, pinned so that it outlives the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/config.h"

namespace sluice {

enum class XdpMode { kNative, kGeneric, kOffload };

const char* to_string(XdpMode mode);

// Those that `wanted` allows, the best first.
std::vector<XdpMode> allowed(AttachMode wanted);
bool allows(AttachMode wanted, XdpMode mode);

class XdpLink {
 public:
  // Makes a link in the first mode that works of those that `wanted` allows, and pins it. Programs
  // of others are left alone; their presence is an error.
  static Result<XdpLink> create(const Interface& wanted, uint32_t ifindex, int program_fd,
                                const std::string& pin);
  // What is pinned as `pin`; nothing if nothing is, or something else.
  static Result<std::optional<XdpLink>> look_at(const std::string& pin);

  // 0 where the interface was gone already when the link was looked at.
  uint32_t ifindex() const { return ifindex_; }
  XdpMode mode() const { return mode_; }
  // Still on its interface? The kernel empties a link whose interface is deleted.
  bool alive() const;
  // Exchanges the program; no packet is lost. With `old_program_fd` only if that is what runs.
  Result<void> replace(int program_fd, int old_program_fd = -1) const;
  // When it returns, packets pass.
  Result<void> detach() const;

 private:
  XdpLink(uint32_t ifindex, XdpMode mode, UniqueFd link)
      : ifindex_(ifindex), mode_(mode), link_(std::move(link)) {}

  uint32_t ifindex_;
  XdpMode mode_;
  UniqueFd link_;
};

}  // namespace sluice
