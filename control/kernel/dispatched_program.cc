// SPDX-License-Identifier: Apache-2.0
#include "kernel/dispatched_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <span>

#include "kernel/dispatcher_pins.h"
#include "kernel/pin.h"
#include "kernel/program_info.h"

namespace sluice {

namespace {

// Programs of ours are told from others by their maps: a daemon that was killed in the middle of an
// exchange has left one that is pinned nowhere among ours, but has maps in common with one that is,
// or with the one that takes its place.
class Ours {
 public:
  static Result<Ours> known_by(std::span<const int> programs) {
    Ours out;
    for (const int fd : programs) {
      const Result<std::set<uint32_t>> maps = maps_of_program(fd);
      if (!maps) return maps.error();
      out.maps_.insert(maps->begin(), maps->end());
    }
    return out;
  }

  Result<bool> has(const Dispatched& program) const {
    const Result<std::set<uint32_t>> maps = maps_of_program(program.fd.get());
    if (!maps) return maps.error();
    return std::any_of(maps->begin(), maps->end(), [&](uint32_t id) { return maps_.contains(id); });
  }

 private:
  std::set<uint32_t> maps_;
};

Result<std::vector<Dispatched>> pick(std::optional<Dispatcher> dispatcher, const Ours& ours) {
  std::vector<Dispatched> out;
  if (!dispatcher) return out;
  for (Dispatched& program : dispatcher->programs) {
    const Result<bool> is_ours = ours.has(program);
    if (!is_ours) return is_ours.error();
    if (*is_ours) out.push_back(std::move(program));
  }
  return out;
}

// What a daemon that was killed before it could pin it has left. Another sluice is an error.
Result<std::vector<Dispatched>> pick_left(const Interface& wanted, std::optional<Dispatcher> there,
                                          int program_fd) {
  const Result<Ours> ours = Ours::known_by(std::array{program_fd});
  if (!ours) return ours.error();
  const Result<std::string> name = name_of_program(program_fd);
  if (!name) return name.error();
  size_t sluices = 0;
  if (there) sluices = size_t(std::ranges::count(there->programs, *name, &Dispatched::name));
  Result<std::vector<Dispatched>> left = pick(std::move(there), *ours);
  if (left && left->size() < sluices) return Error{wanted.name + ": another sluice runs there"};
  return left;
}

Result<void> take_away(const std::vector<Dispatched>& programs, uint32_t ifindex, XdpMode mode) {
  for (const Dispatched& program : programs)
    if (Result<void> r = take_from_dispatcher(program.fd.get(), ifindex, mode); !r) return r;
  return {};
}

// Where the next program is pinned until it is in the place of `pin`, under a name that no
// attachment has.
std::string next_pin(const std::string& pin) {
  const size_t name = pin.rfind('/') + 1;
  return pin.substr(0, name) + "next-" + pin.substr(name);
}

// A dispatcher that is there keeps its mode: its programs are not only ours.
Result<std::vector<XdpMode>> modes_for(const Interface& wanted,
                                       const std::optional<Dispatcher>& there) {
  if (!there) return allowed(wanted.mode);
  if (allows(wanted.mode, there->mode)) return std::vector{there->mode};
  return Error{fmt::format("{}: the XDP programs of others run there in {} mode", wanted.name,
                           to_string(there->mode))};
}

}  // namespace

Result<DispatchedProgram> DispatchedProgram::create(const Interface& wanted, uint32_t ifindex,
                                                    const Program& program,
                                                    const std::string& pin) {
  Result<std::optional<Dispatcher>> there = Dispatcher::on(wanted, ifindex);
  if (!there) return there.error();
  const Result<std::vector<XdpMode>> modes = modes_for(wanted, *there);
  if (!modes) return modes.error();
  const Result<std::vector<Dispatched>> left = pick_left(wanted, std::move(*there), program.fd);
  if (!left) return left.error();
  Result<Added> added = add_to_dispatcher(wanted, ifindex, *modes, program.reopen);
  if (!added) return added.error();
  DispatchedProgram out(pin, ifindex, added->mode, std::move(added->fd));
  Result<void> r = take_away(*left, ifindex, out.mode_);
  if (r && bpf_obj_pin(out.fd_.get(), pin.c_str()) != 0) r = errno_error("pin as " + pin);
  if (r) return out;
  (void)out.detach();
  return r.error();
}

// Of everything else that may be pinned there, the kernel tells other things, but no such type.
Result<std::optional<DispatchedProgram>> DispatchedProgram::look_at(const std::string& pin) {
  Result<std::optional<UniqueFd>> fd = open_pin(pin);
  if (!fd) return fd.error();
  if (!*fd) return std::optional<DispatchedProgram>();
  const Result<bpf_prog_info> info = info_of_program((*fd)->get());
  if (!info) return info.error();
  if (info->type != BPF_PROG_TYPE_EXT) return std::optional<DispatchedProgram>();
  const Result<uint32_t> ifindex = dispatched_on(info->id);
  if (!ifindex) return ifindex.error();
  XdpMode mode = XdpMode::kNative;
  LIBBPF_OPTS(bpf_xdp_query_opts, now);
  if (*ifindex != 0 && bpf_xdp_query(int(*ifindex), 0, &now) == 0 &&
      now.attach_mode == XDP_ATTACHED_SKB)
    mode = XdpMode::kGeneric;
  return std::optional<DispatchedProgram>(DispatchedProgram(pin, *ifindex, mode, std::move(**fd)));
}

bool DispatchedProgram::alive() const {
  const Result<bpf_prog_info> info = info_of_program(fd_.get());
  if (!info) return false;
  const Result<uint32_t> now = dispatched_on(info->id);
  return now && *now != 0 && *now == ifindex_;
}

// Whatever fails, the old one is there as before. Whenever it is killed, a successor finds both:
// until the last step the pin is of the old program, by which it knows the new one.
Result<void> DispatchedProgram::replace(const Interface& wanted, const Program& program) {
  Result<std::optional<Dispatcher>> there = Dispatcher::on(wanted, ifindex_);
  if (!there) return there.error();
  const Result<Ours> ours = Ours::known_by(std::array{fd_.get(), program.fd});
  if (!ours) return ours.error();
  const Result<std::vector<Dispatched>> old = pick(std::move(*there), *ours);
  if (!old) return old.error();
  if (old->empty()) return Error{"the dispatcher there calls our program no more"};
  Result<Added> added = add_to_dispatcher(wanted, ifindex_, std::array{mode_}, program.reopen);
  if (!added) return added.error();
  const std::string next = next_pin(pin_);
  Result<void> r = unpin(next);
  if (r && bpf_obj_pin(added->fd.get(), next.c_str()) != 0) r = errno_error("pin as " + next);
  if (r) r = take_away(*old, ifindex_, mode_);
  if (!r) {
    (void)take_from_dispatcher(added->fd.get(), ifindex_, mode_);
    (void)unpin(next);
    return r;
  }
  fd_ = std::move(added->fd);
  if (::rename(next.c_str(), pin_.c_str()) != 0)
    return errno_error("put the pin " + pin_ + " in place");
  return {};
}

Result<void> DispatchedProgram::detach() const {
  const Result<bpf_prog_info> info = info_of_program(fd_.get());
  if (!info) return info.error();
  if (Result<void> r = unpin(next_pin(pin_)); !r) return r;
  if (!alive()) return forget_dispatchers_of(info->id);
  const Interface interface = {.name = fmt::format("interface {}", ifindex_)};
  Result<std::optional<Dispatcher>> there = Dispatcher::on(interface, ifindex_);
  if (!there) return there.error();
  const Result<Ours> ours = Ours::known_by(std::array{fd_.get()});
  if (!ours) return ours.error();
  const Result<std::vector<Dispatched>> all = pick(std::move(*there), *ours);
  if (!all) return all.error();
  return take_away(*all, ifindex_, mode_);
}

}  // namespace sluice
