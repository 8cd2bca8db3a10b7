// SPDX-License-Identifier: Apache-2.0
#include "kernel/extension.h"

#include <bpf/libbpf.h>
#include <stdlib.h>

#include <string_view>

#include "kernel/libxdp.h"

namespace sluice {

namespace {

constexpr char kDispatcherObject[] = "xdp-dispatcher.o";
constexpr char kTarget[] = "xdp_pass";  // a program in it, which does nothing else
constexpr char kSkip[] = "LIBXDP_SKIP_DISPATCHER";

Result<libxdp::ProgramPtr> load_target(const libxdp::Session& session) {
  DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .prog_name = kTarget,
                      .find_filename = kDispatcherObject);
  Result<libxdp::ProgramPtr> target =
      libxdp::own(xdp_program__create(&options), "find libxdp's xdp-dispatcher.o");
  if (!target) return target;
  if (int r = bpf_object__load(xdp_program__bpf_obj(target->get())); r < 0)
    return Error{errno_error("load libxdp's xdp-dispatcher.o", r).message + session.why()};
  return target;
}

Result<void> load_extension(const OpenedProgram& opened, int target_fd,
                            const libxdp::Session& session) {
  bpf_program* program = bpf_object__find_program_by_name(opened.object.get(), opened.name.c_str());
  if (!program) std::abort();
  bpf_program__set_type(program, BPF_PROG_TYPE_EXT);
  bpf_program__set_expected_attach_type(program, bpf_attach_type(0));
  if (int r = bpf_program__set_attach_target(program, target_fd, kTarget); r < 0)
    return errno_error("prepare an extension program", r);
  const int r = bpf_object__load(opened.object.get());
  if (r >= 0) return {};
  std::string message = errno_error("load an extension program", r).message + session.why();
  if (r == -EPERM) message += " (it needs CAP_SYS_ADMIN, and a kernel that has not barred them)";
  return Error{std::move(message)};
}

}  // namespace

Result<void> check_extension(const Reopen& reopen) {
  const char* skip = ::secure_getenv(kSkip);
  if (skip && std::string_view(skip) == "1")
    return Error{"the environment has LIBXDP_SKIP_DISPATCHER=1"};
  if (!reopen)
    return Error{"the program that runs is another daemon's, and only it can load it so"};
  const libxdp::Session session;
  const Result<OpenedProgram> opened = reopen();
  if (!opened) return opened.error();
  const Result<libxdp::ProgramPtr> target = load_target(session);
  if (!target) return target.error();
  const bpf_object* object = xdp_program__bpf_obj(target->get());
  const int fd = bpf_program__fd(bpf_object__find_program_by_name(object, kTarget));
  return load_extension(*opened, fd, session);
}

}  // namespace sluice
