// SPDX-License-Identifier: Apache-2.0
#include "kernel/attached_program.h"

#include "base/log.h"
#include "kernel/pin.h"

namespace sluice {

namespace {

TcPlace ingress_of(const Interface& wanted, uint32_t ifindex) {
  return {.interface = wanted.name, .ifindex = ifindex, .hook = TcHook::kIngress};
}

}  // namespace

Hook hook_of(AttachMode mode) {
  return mode == AttachMode::kTc ? Hook::kTc : Hook::kXdp;
}

Result<AttachedProgram> AttachedProgram::put(const Interface& wanted, uint32_t ifindex,
                                             int program_fd, const std::string& pin) {
  Result<std::optional<AttachedProgram>> old = adopt(wanted, ifindex, pin);
  if (!old) return old.error();
  if (!*old) return create(wanted, ifindex, program_fd, pin);
  if (Result<void> r = (*old)->replace(program_fd); !r)
    return Error{wanted.name + ": " + r.error().message};
  return std::move(**old);
}

Result<std::optional<AttachedProgram>> AttachedProgram::adopt(const Interface& wanted,
                                                              uint32_t ifindex,
                                                              const std::string& pin) {
  Result<std::optional<AttachedProgram>> old = look_at(pin);
  if (!old || !*old) return old;
  if ((*old)->serves(wanted, ifindex)) return old;
  if ((*old)->alive() && (*old)->ifindex() == ifindex)
    spdlog::warn("{}: detaching from {} mode to attach in another; packets pass meanwhile",
                 wanted.name, (*old)->mode());
  else
    spdlog::warn("{}: what ran here is gone with its interface; attaching anew", wanted.name);
  if (Result<void> r = remove(pin); !r) return r.error();
  return std::optional<AttachedProgram>();
}

Result<AttachedProgram> AttachedProgram::create(const Interface& wanted, uint32_t ifindex,
                                                int program_fd, const std::string& pin) {
  if (hook_of(wanted.mode) == Hook::kXdp) {
    Result<XdpLink> link = XdpLink::create(wanted, ifindex, program_fd, pin);
    if (!link) return link.error();
    return AttachedProgram(std::move(*link));
  }
  Result<TcFilter> filter = TcFilter::create(ingress_of(wanted, ifindex), program_fd, pin);
  if (!filter) return filter.error();
  return AttachedProgram(std::move(*filter));
}

Result<std::optional<AttachedProgram>> AttachedProgram::look_at(const std::string& pin) {
  Result<std::optional<XdpLink>> link = XdpLink::look_at(pin);
  if (!link) return link.error();
  if (*link) return std::optional<AttachedProgram>(AttachedProgram(std::move(**link)));
  Result<std::optional<TcFilter>> filter = TcFilter::look_at(pin);
  if (!filter) return filter.error();
  if (*filter) return std::optional<AttachedProgram>(AttachedProgram(std::move(**filter)));
  return std::optional<AttachedProgram>();
}

Result<void> AttachedProgram::remove(const std::string& pin) {
  Result<std::optional<XdpLink>> link = XdpLink::look_at(pin);
  if (!link) return link.error();
  if (!*link) return TcFilter::remove(pin);
  // Removing the pin alone would detach a moment later: the kernel frees a link when it gets round
  // to it, and a new one finds the interface taken.
  if (Result<void> r = (*link)->detach(); !r) return Error{pin + ": " + r.error().message};
  return unpin(pin);
}

bool AttachedProgram::serves(const Interface& wanted, uint32_t ifindex) const {
  if (!alive() || this->ifindex() != ifindex || hook() != hook_of(wanted.mode)) return false;
  const XdpLink* link = std::get_if<XdpLink>(&held_);
  return link ? allows(wanted.mode, link->mode())
              : std::get<TcFilter>(held_).hook() == TcHook::kIngress;
}

Hook AttachedProgram::hook() const {
  return std::holds_alternative<XdpLink>(held_) ? Hook::kXdp : Hook::kTc;
}

const char* AttachedProgram::mode() const {
  if (const XdpLink* link = std::get_if<XdpLink>(&held_)) return to_string(link->mode());
  return to_string(std::get<TcFilter>(held_).kind());
}

uint32_t AttachedProgram::ifindex() const {
  return std::visit([](const auto& held) { return held.ifindex(); }, held_);
}

bool AttachedProgram::alive() const {
  return std::visit([](const auto& held) { return held.alive(); }, held_);
}

Result<void> AttachedProgram::replace(int program_fd, int old_program_fd) {
  return std::visit([&](auto& held) { return held.replace(program_fd, old_program_fd); }, held_);
}

}  // namespace sluice
