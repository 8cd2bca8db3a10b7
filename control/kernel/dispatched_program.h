// SPDX-License-Identifier: Apache-2.0
// An XDP program of ours that libxdp's dispatcher calls, beside those of others. What is pinned is
// the program, so that the next process knows it again; libxdp's own pins hold it in its place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/dispatcher.h"

namespace sluice {

class DispatchedProgram {
 public:
  // In the first mode that works of those that `wanted` allows, or in the mode of the dispatcher
  // that is there. Another sluice there is an error, for two would forward every packet twice.
  static Result<DispatchedProgram> create(const Interface& wanted, uint32_t ifindex,
                                          const Program& program, const std::string& pin);
  // What is pinned as `pin`; nothing if nothing is, or something else.
  static Result<std::optional<DispatchedProgram>> look_at(const std::string& pin);

  // 0 where it was called no more when it was looked at.
  uint32_t ifindex() const { return ifindex_; }
  XdpMode mode() const { return mode_; }
  // Does a dispatcher on its interface call it?
  bool alive() const;
  // Puts another program beside it, then takes this one away; no packet is lost. In between, what
  // both let pass is counted by both.
  Result<void> replace(const Interface& wanted, const Program& program);
  // When it returns, packets pass, or go to the programs of others.
  Result<void> detach() const;

 private:
  DispatchedProgram(std::string pin, uint32_t ifindex, XdpMode mode, UniqueFd fd)
      : pin_(std::move(pin)), ifindex_(ifindex), mode_(mode), fd_(std::move(fd)) {}

  std::string pin_;
  uint32_t ifindex_;
  XdpMode mode_;
  UniqueFd fd_;
};

}  // namespace sluice
