// SPDX-License-Identifier: Apache-2.0
// A program of ours where packets come in on an interface, at XDP or tc, which outlives the
// process: everybody who attaches one, the daemon and the agent, does it by this.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/result.h"
#include "kernel/dispatched_program.h"
#include "kernel/hook.h"
#include "kernel/tc_filter.h"
#include "kernel/xdp_link.h"
#include "model/config.h"

namespace sluice {

// Which program a mode needs.
Hook hook_of(AttachMode mode);

class AttachedProgram {
 public:
  // adopt() and replace(), or create().
  static Result<AttachedProgram> put(const Interface& wanted, uint32_t ifindex,
                                     const Program& program, const std::string& pin);

  // What is pinned as `pin`, if it is on this interface in a way that `wanted` allows, or has to
  // put up with for `program`. What is not is removed.
  static Result<std::optional<AttachedProgram>> adopt(const Interface& wanted, uint32_t ifindex,
                                                      const Program& program,
                                                      const std::string& pin);
  // Attaches the program, and pins what holds it there. Programs of others are left alone; at XDP
  // their presence is an error, unless the interface is shared with them.
  static Result<AttachedProgram> create(const Interface& wanted, uint32_t ifindex,
                                        const Program& program, const std::string& pin);
  // What is pinned as `pin`, if something is.
  static Result<std::optional<AttachedProgram>> look_at(const std::string& pin);
  // Takes away what is pinned as `pin`, if something is, and the pin. When it returns, packets
  // pass.
  static Result<void> remove(const std::string& pin);

  Hook hook() const;
  // "native", "generic", "tcx" or "clsact".
  const char* mode() const;
  // What holds it there: "dispatcher", "link", "tcx" or "clsact".
  const char* by() const;
  // Why the interface is not shared, though that was asked for; empty: it is, or was not.
  const std::string& why_alone() const { return why_alone_; }
  // 0 if the interface is gone and the kernel has forgotten which it was.
  uint32_t ifindex() const;
  // Still on its interface? The kernel empties links when their interface is deleted.
  bool alive() const;
  // Exchanges the program; no packet is lost. Of `wanted`, how the interface is shared.
  Result<void> replace(const Interface& wanted, const Program& program);

 private:
  using Held = std::variant<XdpLink, TcFilter, DispatchedProgram>;
  explicit AttachedProgram(Held held) : held_(std::move(held)) {}
  static Result<AttachedProgram> create_alone(const Interface& wanted, uint32_t ifindex,
                                              const Program& program, const std::string& pin);
  bool serves(const Interface& wanted, uint32_t ifindex) const;
  bool may_be_shared(const Program& program);

  Held held_;
  std::string why_alone_;
};

}  // namespace sluice
