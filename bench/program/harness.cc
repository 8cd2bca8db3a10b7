// SPDX-License-Identifier: Apache-2.0
#include "program/harness.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>

#include "bench_wrapper.skel.h"
#include "kernel/load_log.h"
#include "kernel/skeleton.h"

namespace sluice::bench {

namespace {

struct Repeated {
  Reading total;
  uint32_t action;  // of the last repetition
  std::vector<uint8_t> frame;
};

// The meter runs for the one system call alone. Loopback is where the packets come from.
Result<Repeated> repeat(int program_fd, const std::vector<uint8_t>& frame, uint32_t repeats,
                        Meter& meter) {
  constexpr size_t kMostGrowth = 256;
  Repeated out = {
      .total = {}, .action = 0, .frame = std::vector<uint8_t>(frame.size() + kMostGrowth)};
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.frame.data(),
              .data_size_in = uint32_t(frame.size()), .data_size_out = uint32_t(out.frame.size()),
              .repeat = int(repeats));
  if (Result<void> r = meter.start(); !r) return r.error();
  const int failed = bpf_prog_test_run_opts(program_fd, &options);
  const Result<Reading> reading = meter.stop();
  if (failed) return errno_error(fmt::format("run a program {} times", repeats), failed);
  if (!reading) return reading.error();
  out.total = *reading;
  out.action = options.retval;
  out.frame.resize(options.data_size_out);
  return out;
}

Reading divided(const Reading& r, uint32_t by) {
  return {.instructions = r.instructions / by, .cycles = r.cycles / by, .ns = r.ns / by};
}

class WrapperHarness : public Harness {
 public:
  WrapperHarness(SkeletonPtr<bench_wrapper> wrapper, const bench_headers& headers, Meter& meter)
      : wrapper_(std::move(wrapper)), headers_(headers), meter_(meter) {}

  Result<Run> run(const Subject& subject, const Order& order, uint64_t multiplier,
                  uint32_t repeats) override {
    if (Result<void> r = put_under_test(subject.fd); !r) return r.error();
    bench_state& state = wrapper_->bss->state;
    state.multiplier = multiplier;
    state.mask = order.mask();
    state.growth = subject.growth;
    std::ranges::fill(state.actions, 0);
    const int wrapper = bpf_program__fd(wrapper_->progs.bench_wrapper);
    const uint64_t first = state.sequence;
    Result<Repeated> ran = repeat(wrapper, frame_of(headers_, flow_at(first)), repeats, meter_);
    if (!ran) return ran.error();
    Run out = {.per_packet = divided(ran->total, repeats),
               .actions = {},
               .frame = std::move(ran->frame),
               .next_flow = flow_at(first + repeats)};
    std::ranges::copy(state.actions, out.actions.begin());
    return out;
  }

 private:
  uint32_t flow_at(uint64_t sequence) const {
    const bench_state& state = wrapper_->bss->state;
    return bench_flow_at(sequence, state.multiplier, state.mask);
  }

  // The one wrapper calls them all, so that it lies in the same place of the caches for each.
  Result<void> put_under_test(int fd) {
    const uint32_t zero = 0;
    const int programs = bpf_map__fd(wrapper_->maps.under_test);
    if (bpf_map_update_elem(programs, &zero, &fd, BPF_ANY) == 0) return {};
    return errno_error("put a program under test");
  }

  SkeletonPtr<bench_wrapper> wrapper_;
  bench_headers headers_;
  Meter& meter_;
};

}  // namespace

Result<std::unique_ptr<Harness>> Harness::create(const bench_headers& headers, Meter& meter) {
  LoadLog log;
  SkeletonPtr<bench_wrapper> wrapper(bench_wrapper::open());
  if (!wrapper) return errno_error("open the wrapper");
  std::memcpy(&wrapper->rodata->headers, &headers, sizeof(headers));
  if (int r = bench_wrapper::load(wrapper.get()); r < 0)
    return Error{errno_error("load the wrapper", r).message + log.tail()};
  return std::unique_ptr<Harness>(new WrapperHarness(std::move(wrapper), headers, meter));
}

Result<Reading> run_bare(int program_fd, const std::vector<uint8_t>& frame, uint32_t repeats,
                         Meter& meter) {
  const Result<Repeated> ran = repeat(program_fd, frame, repeats, meter);
  if (!ran) return ran.error();
  return divided(ran->total, repeats);
}

}  // namespace sluice::bench
