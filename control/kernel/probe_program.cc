// SPDX-License-Identifier: Apache-2.0
#include "kernel/probe_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <vector>

#include "kernel/load_log.h"
#include "kernel/skeleton.h"
#include "probe_tc.skel.h"

namespace sluice {

#define X(name, text) ReasonText{#name, text},
const std::array<ReasonText, SLUICE_PROBE_FATE_COUNT> kProbeFateTexts = {SLUICE_PROBE_FATES(X)};
#undef X

Result<ProbeProgram> ProbeProgram::load(int members_fd) {
  return load(members_fd, -1);
}

Result<ProbeProgram> ProbeProgram::load(int members_fd, int fates_fd) {
  LoadLog log;
  const SkeletonPtr<probe_tc> s(probe_tc::open());
  if (!s) return errno_error("open the embedded BPF object of the probes");
  if (int r = bpf_map__reuse_fd(s->maps.members, members_fd); r < 0)
    return errno_error("share the map members", r);
  if (fates_fd >= 0)
    if (int r = bpf_map__reuse_fd(s->maps.probe_fates, fates_fd); r < 0)
      return errno_error("keep the map probe_fates", r);
  if (int r = probe_tc::load(s.get()); r < 0)
    return Error{errno_error("load the program of the probes", r).message + log.tail(), -r};
  Result<UniqueFd> program = copy_of(bpf_program__fd(s->progs.sluice_probe));
  if (!program) return program.error();
  Result<UniqueFd> fates = copy_of(bpf_map__fd(s->maps.probe_fates));
  if (!fates) return fates.error();
  return ProbeProgram(std::move(*program), std::move(*fates));
}

Result<void> ProbeProgram::attach(const TcPlace& device, std::optional<TcKind> wanted) {
  Result<TcFilter> filter = TcFilter::create(device, program_.get(), /*pin=*/"", wanted);
  if (!filter) return filter.error();
  filter_.emplace(std::move(*filter));
  return {};
}

Result<void> ProbeProgram::use(int members_fd) {
  Result<ProbeProgram> next = load(members_fd, fates_.get());
  if (!next) return next.error();
  if (filter_)
    if (Result<void> r = filter_->replace(next->program_.get()); !r)
      return Error{"exchange the program of the probes: " + r.error().message, r.error().code};
  program_ = std::move(next->program_);
  return {};
}

Result<ProbeFates> ProbeProgram::fates() const {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_error("count the possible CPUs", cpus);
  std::vector<uint64_t> copies(static_cast<size_t>(cpus));
  ProbeFates sums = {};
  for (uint32_t fate = 0; fate < sums.size(); fate++) {
    if (bpf_map_lookup_elem(fates_.get(), &fate, copies.data()) != 0)
      return errno_error("read what became of probes");
    for (const uint64_t n : copies) sums[fate] += n;
  }
  return sums;
}

}  // namespace sluice
