// SPDX-License-Identifier: Apache-2.0
#include "kernel/attached_program.h"

#include "base/log.h"
#include "kernel/extension.h"
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
                                             const Program& program, const std::string& pin) {
  Result<std::optional<AttachedProgram>> old = adopt(wanted, ifindex, program, pin);
  if (!old) return old.error();
  if (!*old) return create(wanted, ifindex, program, pin);
  if (Result<void> r = (*old)->replace(wanted, program); !r)
    return Error{wanted.name + ": " + r.error().message};
  return std::move(**old);
}

Result<std::optional<AttachedProgram>> AttachedProgram::adopt(const Interface& wanted,
                                                              uint32_t ifindex,
                                                              const Program& program,
                                                              const std::string& pin) {
  Result<std::optional<AttachedProgram>> old = look_at(pin);
  if (!old || !*old) return old;
  const bool as_wanted = (*old)->serves(wanted, ifindex);
  if (as_wanted && !(wanted.share && (*old)->may_be_shared(program))) return old;
  if ((*old)->alive() && (*old)->ifindex() == ifindex)
    spdlog::warn(
        "{}: detaching from {} mode by {} to attach in another way; packets pass meanwhile",
        wanted.name, (*old)->mode(), (*old)->by());
  else
    spdlog::warn("{}: what ran here is gone with its interface; attaching anew", wanted.name);
  if (Result<void> r = remove(pin); !r) return r.error();
  return std::optional<AttachedProgram>();
}

// A link that has the interface for itself, though the dispatcher would take the program? If not,
// it stays, and says why.
bool AttachedProgram::may_be_shared(const Program& program) {
  if (!std::holds_alternative<XdpLink>(held_)) return false;
  const Result<void> can = check_extension(program.reopen);
  if (!can) why_alone_ = can.error().message;
  return bool(can);
}

Result<AttachedProgram> AttachedProgram::create(const Interface& wanted, uint32_t ifindex,
                                                const Program& program, const std::string& pin) {
  if (!wanted.share) return create_alone(wanted, ifindex, program, pin);
  Result<void> can = check_extension(program.reopen);
  if (can) {
    Result<DispatchedProgram> shared = DispatchedProgram::create(wanted, ifindex, program, pin);
    if (shared) return AttachedProgram(std::move(*shared));
    can = shared.error();
  }
  const std::string why = can.error().message;
  Result<AttachedProgram> alone = create_alone(wanted, ifindex, program, pin);
  if (!alone)
    return Error{fmt::format("{}; nor can {} be shared through libxdp's dispatcher: {}",
                             alone.error().message, wanted.name, why)};
  spdlog::warn("{}: not shared through libxdp's dispatcher, attached alone: {}", wanted.name, why);
  alone->why_alone_ = why;
  return alone;
}

Result<AttachedProgram> AttachedProgram::create_alone(const Interface& wanted, uint32_t ifindex,
                                                      const Program& program,
                                                      const std::string& pin) {
  if (hook_of(wanted.mode) == Hook::kXdp) {
    Result<XdpLink> link = XdpLink::create(wanted, ifindex, program.fd, pin);
    if (!link) return link.error();
    return AttachedProgram(std::move(*link));
  }
  Result<TcFilter> filter = TcFilter::create(ingress_of(wanted, ifindex), program.fd, pin);
  if (!filter) return filter.error();
  return AttachedProgram(std::move(*filter));
}

Result<std::optional<AttachedProgram>> AttachedProgram::look_at(const std::string& pin) {
  Result<std::optional<DispatchedProgram>> shared = DispatchedProgram::look_at(pin);
  if (!shared) return shared.error();
  if (*shared) return std::optional<AttachedProgram>(AttachedProgram(std::move(**shared)));
  Result<std::optional<XdpLink>> link = XdpLink::look_at(pin);
  if (!link) return link.error();
  if (*link) return std::optional<AttachedProgram>(AttachedProgram(std::move(**link)));
  Result<std::optional<TcFilter>> filter = TcFilter::look_at(pin);
  if (!filter) return filter.error();
  if (*filter) return std::optional<AttachedProgram>(AttachedProgram(std::move(**filter)));
  return std::optional<AttachedProgram>();
}

// Removing the pin alone would detach a link a moment later: the kernel frees it when it gets round
// to it, and a new one finds the interface taken.
Result<void> AttachedProgram::remove(const std::string& pin) {
  const Result<std::optional<AttachedProgram>> found = look_at(pin);
  if (!found) return found.error();
  if (!*found) return {};
  Result<void> r;
  if (const XdpLink* link = std::get_if<XdpLink>(&(*found)->held_))
    r = link->detach();
  else if (const auto* shared = std::get_if<DispatchedProgram>(&(*found)->held_))
    r = shared->detach();
  else
    return TcFilter::remove(pin);
  if (!r) return Error{pin + ": " + r.error().message};
  return unpin(pin);
}

bool AttachedProgram::serves(const Interface& wanted, uint32_t ifindex) const {
  if (!alive() || this->ifindex() != ifindex || hook() != hook_of(wanted.mode)) return false;
  if (const XdpLink* link = std::get_if<XdpLink>(&held_)) return allows(wanted.mode, link->mode());
  if (const TcFilter* filter = std::get_if<TcFilter>(&held_))
    return filter->hook() == TcHook::kIngress;
  return wanted.share && allows(wanted.mode, std::get<DispatchedProgram>(held_).mode());
}

Hook AttachedProgram::hook() const {
  return std::holds_alternative<TcFilter>(held_) ? Hook::kTc : Hook::kXdp;
}

const char* AttachedProgram::mode() const {
  if (const TcFilter* filter = std::get_if<TcFilter>(&held_)) return to_string(filter->kind());
  if (const XdpLink* link = std::get_if<XdpLink>(&held_)) return to_string(link->mode());
  return to_string(std::get<DispatchedProgram>(held_).mode());
}

const char* AttachedProgram::by() const {
  if (const TcFilter* filter = std::get_if<TcFilter>(&held_)) return to_string(filter->kind());
  return std::holds_alternative<XdpLink>(held_) ? "link" : "dispatcher";
}

uint32_t AttachedProgram::ifindex() const {
  return std::visit([](const auto& held) { return held.ifindex(); }, held_);
}

bool AttachedProgram::alive() const {
  return std::visit([](const auto& held) { return held.alive(); }, held_);
}

Result<void> AttachedProgram::replace(const Interface& wanted, const Program& program) {
  if (auto* shared = std::get_if<DispatchedProgram>(&held_))
    return shared->replace(wanted, program);
  if (auto* filter = std::get_if<TcFilter>(&held_)) return filter->replace(program.fd);
  return std::get<XdpLink>(held_).replace(program.fd);
}

}  // namespace sluice
