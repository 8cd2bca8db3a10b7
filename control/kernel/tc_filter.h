// SPDX-License-Identifier: Apache-2.0
// A program of ours at the tc hook of an interface, which outlives the process: a TCX link where
// the kernel has them (6.6), otherwise a filter on the interface's clsact qdisc.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/clsact.h"
#include "kernel/tc_place.h"

namespace sluice {

enum class TcKind { kTcx, kClsact };

const char* to_string(TcKind kind);

class TcFilter {
 public:
  // Puts `program_fd` there: exchanges the program of what is pinned as `pin` (no packet is lost)
  // where that is in its place and of the `wanted` kind, makes and pins it otherwise. Programs of
  // others are left alone, before and behind ours. No kind wanted: TCX, or clsact without it.
  static Result<TcFilter> put(const TcPlace& place, int program_fd, const std::string& pin,
                              std::optional<TcKind> wanted = std::nullopt);

  // Puts it there, though nothing may be pinned as `pin` yet. With an empty `pin` it is for as long
  // as this object lives (TCX) or the interface (clsact).
  static Result<TcFilter> create(const TcPlace& place, int program_fd, const std::string& pin,
                                 std::optional<TcKind> wanted = std::nullopt);

  // What is pinned as `pin`, if something is. An error if it is neither kind.
  static Result<std::optional<TcFilter>> look_at(const std::string& pin);

  // Takes away what is pinned as `pin`, if something is, and the pin. When it returns the program
  // runs there no more.
  static Result<void> remove(const std::string& pin);

  TcKind kind() const;
  TcHook hook() const { return hook_; }
  // Where it was put; 0 where the kernel has forgotten, with the interface.
  uint32_t ifindex() const { return ifindex_; }
  // Whether the program still runs there: links and filters go with their interface, and anybody
  // may remove a filter.
  bool alive() const;

  // Exchanges the program; no packet is lost. With `old_program_fd` only if that is what runs,
  // where the kernel can tell (TCX).
  Result<void> replace(int program_fd, int old_program_fd = -1);

 private:
  struct Link {
    UniqueFd fd;
  };
  using Held = std::variant<Link, clsact::Filter>;
  TcFilter(uint32_t ifindex, TcHook hook, Held held)
      : ifindex_(ifindex), hook_(hook), held_(std::move(held)) {}
  static Result<std::optional<TcFilter>> adopt(const TcPlace& place, const std::string& pin,
                                               std::optional<TcKind> wanted);

  uint32_t ifindex_;
  TcHook hook_;
  Held held_;
};

}  // namespace sluice
