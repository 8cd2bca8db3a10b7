// SPDX-License-Identifier: Apache-2.0
#include "kernel/dispatcher.h"

#include <fmt/format.h>

#include "base/log.h"
#include "kernel/libxdp.h"
#include "kernel/program_info.h"

namespace sluice {

namespace {

xdp_attach_mode libxdp_mode(XdpMode mode) {
  return mode == XdpMode::kNative ? XDP_MODE_NATIVE : XDP_MODE_SKB;
}

// By the caller's leave that it is not loaded yet, these cannot fail.
void set_run_config(xdp_program* program, const Share& share) {
  int failed = xdp_program__set_run_prio(program, share.priority);
  for (const XdpVerdict v : {XdpVerdict::kAborted, XdpVerdict::kDrop, XdpVerdict::kPass})
    failed |=
        xdp_program__set_chain_call_enabled(program, unsigned(v), share.go_on_after.contains(v));
  if (failed) std::abort();
}

std::string explain(int error, const Interface& wanted, XdpMode mode, const std::string& why) {
  const std::string what = fmt::format("attach to {} through libxdp's dispatcher in {} mode: {}",
                                       wanted.name, to_string(mode), strerror(error));
  if (error == EOPNOTSUPP)
    return what + " (the driver has no native XDP; modes generic and tc work everywhere, slowly)";
  if (error == E2BIG) return what + " (a dispatcher calls at most ten programs)";
  return what + why;
}

// Where it cannot make a dispatcher, libxdp attaches the program alone, by a call that leaves it
// there for ever. That is not what was asked for.
Result<void> check_shared(const Interface& wanted, uint32_t ifindex, xdp_program* program,
                          XdpMode mode) {
  const Result<std::optional<Dispatcher>> now = Dispatcher::on(wanted, ifindex);
  if (now && *now) return {};
  (void)xdp_program__detach(program, int(ifindex), libxdp_mode(mode), 0);
  return now ? Result<void>(Error{"what libxdp attached to " + wanted.name + " is gone again"})
             : Result<void>(now.error());
}

}  // namespace

Result<std::optional<Dispatcher>> Dispatcher::on(const Interface& interface, uint32_t ifindex) {
  libxdp::Session session;
  xdp_multiprog* found = xdp_multiprog__get_from_ifindex(int(ifindex));
  if (libxdp_get_error(found) == -ENOENT) return std::optional<Dispatcher>();
  const Result<libxdp::MultiprogPtr> all =
      libxdp::own(found, "look at the XDP program on " + interface.name);
  if (!all) return Error{all.error().message + session.why()};
  if (xdp_multiprog__is_legacy(all->get()))
    return Error{interface.name +
                 " has an XDP program that is not libxdp's dispatcher, or one "
                 "whose pins cannot be read" +
                 session.why() + " (sluice does not remove programs of others)"};
  Dispatcher out = {.mode = xdp_multiprog__attach_mode(all->get()) == XDP_MODE_SKB
                                ? XdpMode::kGeneric
                                : XdpMode::kNative,
                    .programs = {}};
  for (const xdp_program* p = nullptr; (p = xdp_multiprog__next_prog(p, all->get()));) {
    Result<UniqueFd> fd = session.keep(xdp_program__fd(p));
    if (!fd) return fd.error();
    out.programs.push_back({std::move(*fd), xdp_program__name(p)});
  }
  return std::optional<Dispatcher>(std::move(out));
}

Result<Added> add_to_dispatcher(const Interface& wanted, uint32_t ifindex,
                                std::span<const XdpMode> modes, const Reopen& reopen) {
  libxdp::Session session;
  const Result<OpenedProgram> opened = reopen();
  if (!opened) return opened.error();
  DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = opened->object.get(),
                      .prog_name = opened->name.c_str());
  const Result<libxdp::ProgramPtr> program =
      libxdp::own(xdp_program__create(&options), "make an extension of the program");
  if (!program) return program.error();
  set_run_config(program->get(), wanted.share.value_or(Share{}));
  std::string why;
  for (const XdpMode mode : modes) {
    const int r = xdp_program__attach(program->get(), int(ifindex), libxdp_mode(mode), 0);
    if (r < 0) {
      why = explain(-r, wanted, mode, session.why());
      if (r != -EOPNOTSUPP) break;
      continue;
    }
    if (Result<void> s = check_shared(wanted, ifindex, program->get(), mode); !s) return s.error();
    if (!why.empty()) spdlog::warn("{}; attached in generic mode, which is slow", why);
    Result<UniqueFd> fd = session.keep(xdp_program__fd(program->get()));
    if (!fd) return fd.error();
    return Added{std::move(*fd), mode};
  }
  return Error{why};
}

Result<void> take_from_dispatcher(int program_fd, uint32_t ifindex, XdpMode mode) {
  libxdp::Session session;
  const Result<libxdp::ProgramPtr> p = libxdp::program_of(program_fd);
  if (!p) return p.error();
  const int r = xdp_program__detach(p->get(), int(ifindex), libxdp_mode(mode), 0);
  if (r < 0)
    return Error{errno_error("take a program out of libxdp's dispatcher", r).message +
                 session.why()};
  return {};
}

}  // namespace sluice
