// SPDX-License-Identifier: Apache-2.0
#include "support/rig.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace sluice::test {

namespace {

// Frames in front of which `poison` bytes of XDP metadata stand. bpf_xdp_adjust_head() moves
// metadata out of the way by copying, so the program finds these bytes where it grows to.
int test_run(int program_fd, const Bytes& frame, uint32_t ingress, uint32_t poison, Bytes& out,
             xdp_md& after, uint32_t& action) {
  Bytes in(poison, 0xff);
  in.insert(in.end(), frame.begin(), frame.end());
  out.assign(in.size() + 512, 0);
  xdp_md before = {};
  before.data = poison;
  before.data_end = uint32_t(in.size());
  before.ingress_ifindex = ingress;

  bpf_attr attr = {};
  attr.test.prog_fd = uint32_t(program_fd);
  attr.test.data_in = uint64_t(in.data());
  attr.test.data_size_in = uint32_t(in.size());
  attr.test.data_out = uint64_t(out.data());
  attr.test.data_size_out = uint32_t(out.size());
  attr.test.ctx_in = uint64_t(&before);
  attr.test.ctx_size_in = sizeof(before);
  attr.test.ctx_out = uint64_t(&after);
  attr.test.ctx_size_out = sizeof(after);
  if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) != 0) return -errno;
  out.resize(attr.test.data_size_out);
  action = attr.test.retval;
  return 0;
}

}  // namespace

Result<Run> run_xdp(int program_fd, const Bytes& frame, uint32_t ingress) {
  Run run;
  Bytes out;
  xdp_md after = {};
  // 6.1 takes 32 bytes of metadata, newer kernels 252.
  int r = test_run(program_fd, frame, ingress, 128, out, after, run.action);
  if (r == -EINVAL) r = test_run(program_fd, frame, ingress, 32, out, after, run.action);
  if (r < 0) return errno_error("BPF_PROG_TEST_RUN", r);
  run.packet.assign(out.begin() + after.data, out.end());
  return run;
}

}  // namespace sluice::test
