// SPDX-License-Identifier: Apache-2.0
#include "kernel/clsact.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "kernel/load_log.h"
#include "kernel/pin.h"

namespace sluice::clsact {

namespace {

constexpr char kClaimName[] = "sluice_tc_claim";
constexpr uint32_t kPriority = 17;
// The first that is free is taken: several instances may share an interface.
constexpr uint32_t kFirstHandle = 0x736c, kHandles = 16;

bpf_tc_hook hook_of(uint32_t ifindex, bool egress) {
  LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = int(ifindex),
              .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
  return hook;
}

Result<uint32_t> id_of(int program_fd) {
  bpf_prog_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0)
    return errno_error("look at a program");
  return info.id;
}

// The id of the program that the filter runs; 0 if there is none.
Result<uint32_t> program_at(uint32_t ifindex, bool egress, uint32_t handle) {
  const LoadLog quiet;  // libbpf prints what the kernel says
  const bpf_tc_hook hook = hook_of(ifindex, egress);
  LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle, .priority = kPriority);
  const int r = bpf_tc_query(&hook, &filter);
  if (r == 0) return filter.prog_id;
  // No filter, no qdisc, no interface.
  if (r == -ENOENT || r == -EINVAL || r == -ENODEV) return 0u;
  return errno_error("ask for a tc filter", r);
}

std::string explain(int error, const std::string& what) {
  const std::string why = what + ": " + std::strerror(-error);
  switch (error) {
    case -ENOENT:
    case -EOPNOTSUPP:
      return why + " (the kernel needs sch_ingress and cls_bpf, as modules or built in)";
    case -EPERM:
      return why + " (needs CAP_NET_ADMIN and CAP_BPF)";
    default:
      return why;
  }
}

Result<void> make_qdisc(const TcPlace& place) {
  const LoadLog quiet;
  bpf_tc_hook hook = hook_of(place.ifindex, place.hook == TcHook::kEgress);
  const int r = bpf_tc_hook_create(&hook);
  if (r == 0 || r == -EEXIST) return {};
  return Error{explain(r, "make a clsact qdisc on " + place.interface), -r};
}

}  // namespace

Result<Filter> Filter::create(const TcPlace& place, int program_fd, const std::string& pin) {
  Result<uint32_t> program = id_of(program_fd);
  if (!program) return program.error();
  UniqueFd claim(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, kClaimName, sizeof(uint32_t), sizeof(Record), 1, nullptr));
  if (!claim.valid()) return errno_error("make the claim of a tc filter");
  Filter filter(std::move(claim), {.ifindex = place.ifindex,
                                   .egress = place.hook == TcHook::kEgress,
                                   .handle = kFirstHandle,
                                   .program = *program});
  if (Result<void> r = make_qdisc(place); !r) return r.error();
  if (Result<void> r = filter.write(); !r) return r.error();
  // Before the filter, so that what is attached is always known.
  if (!pin.empty() && bpf_obj_pin(filter.claim_.get(), pin.c_str()) != 0)
    return errno_error("pin the claim of a tc filter as " + pin);
  if (Result<void> r = filter.attach_first(place, program_fd); !r) {
    if (!pin.empty()) (void)unpin(pin);
    return r.error();
  }
  return filter;
}

Result<std::optional<Filter>> Filter::open(UniqueFd claim) {
  bpf_map_info info = {};
  uint32_t size = sizeof(info), key = 0;
  if (bpf_obj_get_info_by_fd(claim.get(), &info, &size) != 0)
    return errno_error("look at the claim of a tc filter");
  // What the kernel says of a link has no name in this place.
  if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(Record) ||
      std::string_view(info.name) != kClaimName)
    return std::optional<Filter>();
  Record record;
  if (bpf_map_lookup_elem(claim.get(), &key, &record) != 0)
    return errno_error("read the claim of a tc filter");
  return std::optional<Filter>(Filter(std::move(claim), record));
}

Result<bool> Filter::runs() const {
  Result<uint32_t> program = program_at(record_.ifindex, record_.egress, record_.handle);
  if (!program) return program.error();
  return *program != 0 && (*program == record_.program || *program == record_.previous);
}

Result<void> Filter::replace(int program_fd) {
  Result<uint32_t> running = program_at(record_.ifindex, record_.egress, record_.handle);
  if (!running) return running.error();
  Result<uint32_t> next = id_of(program_fd);
  if (!next) return next.error();
  record_.previous = *running;
  record_.program = *next;
  if (Result<void> r = write(); !r) return r;
  if (int r = attach(program_fd, BPF_TC_F_REPLACE); r < 0)
    return Error{
        explain(r, fmt::format("exchange the program of tc filter {:#x}", record_.handle))};
  return {};
}

Result<void> Filter::remove() const {
  Result<bool> ours = runs();
  if (!ours) return ours.error();
  if (!*ours) return {};
  const LoadLog quiet;
  const bpf_tc_hook hook = hook_of(record_.ifindex, record_.egress);
  LIBBPF_OPTS(bpf_tc_opts, filter, .handle = record_.handle, .priority = kPriority);
  if (int r = bpf_tc_detach(&hook, &filter); r < 0 && r != -ENOENT)
    return errno_error(fmt::format("remove tc filter {:#x}", record_.handle), r);
  return {};
}

Result<void> Filter::attach_first(const TcPlace& place, int program_fd) {
  for (uint32_t i = 0; i < kHandles; i++) {
    record_.handle = kFirstHandle + i;
    if (Result<void> r = write(); !r) return r;
    const int r = attach(program_fd, 0);
    if (r == 0) return check_direction(place);
    if (r != -EEXIST) return Error{explain(r, "attach to " + place.to_string()), -r};
  }
  return Error{
      fmt::format("attach to {}: all of the filters {:#x} to {:#x} of priority {} are there "
                  "already, and sluice does not remove filters of others",
                  place.to_string(), kFirstHandle, kFirstHandle + kHandles - 1, kPriority)};
}

// An `ingress` qdisc is in the place of a clsact one, and takes egress filters for its own.
Result<void> Filter::check_direction(const TcPlace& place) const {
  if (!record_.egress) return {};
  Result<bool> as_wanted = runs();
  if (!as_wanted) return as_wanted.error();
  Result<uint32_t> at_ingress = program_at(record_.ifindex, false, record_.handle);
  if (!at_ingress) return at_ingress.error();
  if (*at_ingress != record_.program) return {};
  if (Result<void> r = remove(); !r) return r;
  return Error{
      fmt::format("attach to {}: the interface has an ingress qdisc, which has no egress "
                  "(tc qdisc replace dev {} clsact makes one with both)",
                  place.to_string(), place.interface)};
}

int Filter::attach(int program_fd, uint32_t flags) const {
  const LoadLog quiet;
  const bpf_tc_hook hook = hook_of(record_.ifindex, record_.egress);
  LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = program_fd, .flags = flags, .handle = record_.handle,
              .priority = kPriority);
  return bpf_tc_attach(&hook, &filter);
}

Result<void> Filter::write() const {
  const uint32_t key = 0;
  if (bpf_map_update_elem(claim_.get(), &key, &record_, BPF_ANY) != 0)
    return errno_error("write the claim of a tc filter");
  return {};
}

}  // namespace sluice::clsact
