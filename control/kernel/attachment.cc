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

Result<Attachment> Attachment::put(const Interface& wanted, uint32_t ifindex, int program_fd,
                                   const Pins& pins) {
  Result<AttachedProgram> program =
      AttachedProgram::put(wanted, ifindex, program_fd, pins.path(pin_name(wanted.name)));
  if (!program) return program.error();
  return Attachment(wanted.name, std::move(*program));
}

Result<std::optional<Attachment>> Attachment::look_at(const std::string& pin, const Pins& pins) {
  const std::optional<std::string> interface = interface_of_pin(pin);
  if (!interface) return std::optional<Attachment>();
  Result<std::optional<AttachedProgram>> program = AttachedProgram::look_at(pins.path(pin));
  if (!program) return program.error();
  if (!*program) return std::optional<Attachment>();
  return std::optional<Attachment>(Attachment(*interface, std::move(**program)));
}

Result<void> Attachment::remove(const std::string& pin, const Pins& pins) {
  return AttachedProgram::remove(pins.path(pin));
}

Result<void> Attachment::replace(int program_fd) {
  if (Result<void> r = program_.replace(program_fd); !r)
    return Error{interface_ + ": " + r.error().message};
  return {};
}

}  // namespace sluice
