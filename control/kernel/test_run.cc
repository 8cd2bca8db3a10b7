// SPDX-License-Identifier: Apache-2.0
#include "kernel/test_run.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <unistd.h>

#include <cstddef>

namespace sluice {

namespace {

constexpr size_t kGrowth = 512;  // more than any program of ours adds to a frame

// Some kernels and hooks refuse what others show in part. Half a page always fits: the rest is more
// than headroom and tailroom take.
bool may_not_fit(std::span<const uint8_t> frame) {
  return frame.size() > size_t(::sysconf(_SC_PAGESIZE)) / 2;
}

constexpr size_t kTypeAt = offsetof(ethhdr, h_proto), kTag = 4;  // bytes

size_t count_tags(std::span<const uint8_t> frame) {
  size_t n = 0;
  for (size_t at = kTypeAt; at + kTag <= frame.size(); at += kTag, n++) {
    const int type = frame[at] << 8 | frame[at + 1];
    if (type != ETH_P_8021Q && type != ETH_P_8021AD) break;
  }
  return n;
}

Result<TestOutcome> failed(std::span<const uint8_t> frame, int negative_errno) {
  if (may_not_fit(frame)) return TestOutcome{.too_large = true};
  return errno_error(fmt::format("run the program on {} bytes", frame.size()), negative_errno);
}

Result<TestOutcome> run_xdp(int program_fd, std::span<const uint8_t> frame,
                            const TestConditions& conditions) {
  std::vector<uint8_t> in(conditions.metadata, 0xff);
  in.insert(in.end(), frame.begin(), frame.end());
  std::vector<uint8_t> out(in.size() + kGrowth);
  xdp_md before = {.data = conditions.metadata, .data_end = uint32_t(in.size())};
  before.ingress_ifindex = conditions.ingress;
  xdp_md after = {};
  LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in.data(), .data_out = out.data(),
              .data_size_in = uint32_t(in.size()), .data_size_out = uint32_t(out.size()),
              .ctx_in = &before, .ctx_out = &after, .ctx_size_in = sizeof(before),
              .ctx_size_out = sizeof(after));
  if (int r = bpf_prog_test_run_opts(program_fd, &run); r < 0) return failed(frame, r);
  return TestOutcome{.action = run.retval,
                     .frame = {out.begin() + after.data, out.begin() + run.data_size_out},
                     .too_large = after.data_end < run.data_size_out};
}

Result<TestOutcome> run_tc(int program_fd, std::span<const uint8_t> frame,
                           const TestConditions& conditions) {
  std::vector<uint8_t> out(frame.size() + kGrowth);
  __sk_buff before = {.mark = conditions.mark,
                      .ingress_ifindex = conditions.ingress,
                      .ifindex = conditions.ingress};
  __sk_buff after = {};
  LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame.data(), .data_out = out.data(),
              .data_size_in = uint32_t(frame.size()), .data_size_out = uint32_t(out.size()),
              .ctx_in = &before, .ctx_out = &after, .ctx_size_in = sizeof(before),
              .ctx_size_out = sizeof(after));
  if (int r = bpf_prog_test_run_opts(program_fd, &run); r < 0) return failed(frame, r);
  return TestOutcome{.action = run.retval,
                     .frame = {out.begin(), out.begin() + run.data_size_out},
                     .mark = after.mark};
}

}  // namespace

Result<TestOutcome> test_run(int program_fd, Hook hook, std::span<const uint8_t> frame,
                             const TestConditions& conditions) {
  return hook == Hook::kXdp ? run_xdp(program_fd, frame, conditions)
                            : run_tc(program_fd, frame, conditions);
}

std::vector<uint8_t> with_tag_aside(std::span<const uint8_t> in, std::vector<uint8_t> out) {
  if (count_tags(out) >= count_tags(in)) return out;
  const std::span<const uint8_t> tag = in.subspan(kTypeAt, kTag);
  out.insert(out.begin() + kTypeAt, tag.begin(), tag.end());
  return out;
}

}  // namespace sluice
