// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachment.h"

#include <algorithm>

namespace sluice {

namespace {

constexpr std::string_view kPinPrefix = "link-";

}  // namespace

std::string Attachment::pin_name(const std::string& interface) {
  std::string name = std::string(kPinPrefix) + interface;
  std::replace(name.begin(), name.end(), '.', ':');
  return name;
}

std::optional<std::string> Attachment::interface_of_pin(const std::string& pin) {
  if (!pin.starts_with(kPinPrefix)) return std::nullopt;
  std::string name = pin.substr(kPinPrefix.size());
  std::replace(name.begin(), name.end(), ':', '.');
  return name;
}

Result<Attachment> Attachment::put(const Interface& wanted, uint32_t ifindex,
                                   const Program& program, const Pins& pins) {
  Result<AttachedProgram> put =
      AttachedProgram::put(wanted, ifindex, program, pins.path(pin_name(wanted.name)));
  if (!put) return put.error();
  Attachment out(wanted.name, std::move(*put));
  out.share_ = wanted.share;
  return out;
}

Result<std::optional<Attachment>> Attachment::look_at(const std::string& pin, const Pins& pins) {
  const std::optional<std::string> interface = interface_of_pin(pin);
  if (!interface) return std::optional<Attachment>();
  Result<std::optional<AttachedProgram>> program = AttachedProgram::look_at(pins.path(pin));
  if (!program) return program.error();
  if (!*program) return std::optional<Attachment>();
  Attachment out(*interface, std::move(**program));
  if (out.by() == std::string_view("dispatcher")) out.share_ = Share{};
  return std::optional<Attachment>(std::move(out));
}

Result<void> Attachment::remove(const std::string& pin, const Pins& pins) {
  return AttachedProgram::remove(pins.path(pin));
}

Result<void> Attachment::replace(const Program& program, const std::optional<Share>& share) {
  const Interface wanted = {.name = interface_, .share = share};
  if (Result<void> r = program_.replace(wanted, program); !r)
    return Error{interface_ + ": " + r.error().message};
  share_ = share;
  return {};
}

}  // namespace sluice
