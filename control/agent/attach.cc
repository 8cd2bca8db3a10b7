// SPDX-License-Identifier: Apache-2.0
#include "agent/attach.h"

#include "base/log.h"
#include "kernel/attached_program.h"

namespace sluice::agent {

namespace {

std::string pin_of(const std::string& interface, const Pins& pins) {
  return pins.path(link_name(interface));
}

Attached describe(const std::string& interface, const AttachedProgram& program) {
  return {.interface = interface,
          .ifindex = program.alive() ? program.ifindex() : 0,
          .hook = program.hook(),
          .mode = program.mode()};
}

void undo(const std::vector<Target>& made, const Pins& pins) {
  for (const Target& target : made)
    if (Result<void> r = AttachedProgram::remove(pin_of(target.interface, pins)); !r)
      spdlog::error("{}: {}", target.interface, r.error().message);
}

}  // namespace

// New ones first: what is most likely to fail can be undone, for nobody has relied on it yet. Of
// what runs already, the earlier program cannot be had any more.
Result<std::vector<Attached>> attach(const std::vector<Target>& targets, AttachMode mode,
                                     int program_fd, const Pins& pins) {
  std::vector<Attached> attached;
  std::vector<AttachedProgram> adopted;
  std::vector<Target> made;
  const Program to_attach = {program_fd};
  for (const Target& target : targets) {
    const Interface wanted = {.name = target.interface, .mode = mode};
    const std::string pin = pin_of(target.interface, pins);
    Result<std::optional<AttachedProgram>> program =
        AttachedProgram::adopt(wanted, target.ifindex, to_attach, pin);
    if (program && *program) {
      attached.push_back(describe(target.interface, **program));
      adopted.push_back(std::move(**program));
      continue;
    }
    if (program) program = AttachedProgram::create(wanted, target.ifindex, to_attach, pin);
    if (!program) {
      undo(made, pins);
      return program.error();
    }
    made.push_back(target);
    attached.push_back(describe(target.interface, **program));
  }
  for (AttachedProgram& program : adopted)
    if (Result<void> r = program.replace({}, to_attach); !r) return r.error();
  return attached;
}

Result<void> detach(const std::string& interface, const Pins& pins) {
  // Whatever is pinned there if not a program: the pin goes, and that is what was asked for.
  (void)AttachedProgram::remove(pin_of(interface, pins));
  return pins.remove(link_name(interface));
}

Result<std::optional<Attached>> look_at_link(const std::string& interface, const Pins& pins) {
  Result<std::optional<AttachedProgram>> program =
      AttachedProgram::look_at(pin_of(interface, pins));
  if (!program) return program.error();
  if (!*program) return std::optional<Attached>();
  return std::optional<Attached>(describe(interface, **program));
}

}  // namespace sluice::agent
