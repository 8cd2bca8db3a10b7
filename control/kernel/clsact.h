// SPDX-License-Identifier: Apache-2.0
// A tc filter of ours on an interface's clsact qdisc, for kernels without TCX.
//
// Nothing holds such a filter but the interface, and anybody may remove it or put another one in
// its place. So a claim says which is ours: a small BPF map, pinned, with the place, the filter's
// number and the programs it may run. What does not run one of these is somebody else's.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/tc_place.h"

namespace sluice::clsact {

class Filter {
 public:
  // Makes the claim, pins it as `pin` and puts the filter there. The qdisc is made where there is
  // none, and stays: others share it. On an error there is neither filter nor pin. An empty `pin`:
  // the claim is this object's alone, and the filter goes with the interface.
  static Result<Filter> create(const TcPlace& place, int program_fd, const std::string& pin);
  // Of a claim; nothing if it is a descriptor of something else.
  static Result<std::optional<Filter>> open(UniqueFd claim);

  uint32_t ifindex() const { return record_.ifindex; }
  TcHook hook() const { return record_.egress ? TcHook::kEgress : TcHook::kIngress; }
  // Whether the filter is in its place.
  Result<bool> runs() const;
  // Exchanges the program of a filter that runs; no packet is lost.
  Result<void> replace(int program_fd);
  // Takes the filter away, if it is ours still.
  Result<void> remove() const;

 private:
  // What the claim says.
  struct Record {
    uint32_t ifindex, egress, handle;
    uint32_t program;   // its id
    uint32_t previous;  // the one it is to follow: runs until the exchange is complete
  };
  Filter(UniqueFd claim, const Record& record) : claim_(std::move(claim)), record_(record) {}
  Result<void> attach_first(const TcPlace& place, int program_fd);
  Result<void> check_direction(const TcPlace& place) const;
  int attach(int program_fd, uint32_t flags) const;
  Result<void> write() const;

  UniqueFd claim_;
  Record record_;
};

}  // namespace sluice::clsact
