// SPDX-License-Identifier: Apache-2.0
#include "program/meter.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace sluice::bench {

namespace {

// What read(2) of the group's leader returns.
struct GroupReading {
  uint64_t count;
  uint64_t cycles, instructions;
};

Result<UniqueFd> open_counter(uint64_t event, int group) {
  perf_event_attr attr = {};
  attr.type = PERF_TYPE_HARDWARE;
  attr.size = sizeof(attr);
  attr.config = event;
  attr.disabled = group < 0;  // the leader switches all
  attr.pinned = group < 0;    // always counts, or is in error: never an estimate
  attr.exclude_hv = 1;
  attr.read_format = PERF_FORMAT_GROUP;
  constexpr int kThisThread = 0, kAnyCpu = -1;
  UniqueFd fd(int(
      ::syscall(SYS_perf_event_open, &attr, kThisThread, kAnyCpu, group, PERF_FLAG_FD_CLOEXEC)));
  if (!fd.valid()) return errno_error("perf_event_open");
  return fd;
}

Result<void> command(const UniqueFd& leader, unsigned long what, const char* doing) {
  if (::ioctl(leader.get(), what, PERF_IOC_FLAG_GROUP) != 0) return errno_error(doing);
  return {};
}

uint64_t thread_ns() {
  timespec t = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

}  // namespace

Meter Meter::open() {
  Meter meter;
  Result<UniqueFd> cycles = open_counter(PERF_COUNT_HW_CPU_CYCLES, -1);
  if (!cycles) {
    meter.why_not_ = cycles.error().message;
    return meter;
  }
  Result<UniqueFd> instructions = open_counter(PERF_COUNT_HW_INSTRUCTIONS, cycles->get());
  if (!instructions) {
    meter.why_not_ = instructions.error().message;
    return meter;
  }
  meter.cycles_ = std::move(*cycles);
  meter.instructions_ = std::move(*instructions);
  if (Result<void> r = meter.try_out(); !r) {
    meter.cycles_ = UniqueFd();
    meter.instructions_ = UniqueFd();
    meter.why_not_ = r.error().message;
  }
  return meter;
}

// Some hypervisors let counters be opened that never count.
Result<void> Meter::try_out() {
  if (Result<void> r = start(); !r) return r;
  Result<Reading> reading = stop();
  if (!reading) return reading.error();
  if (reading->cycles == 0 || reading->instructions == 0) return Error{"the counters stand still"};
  return {};
}

Result<void> Meter::start() {
  if (has_hardware()) {
    if (Result<void> r = command(cycles_, PERF_EVENT_IOC_RESET, "reset the counters"); !r) return r;
    if (Result<void> r = command(cycles_, PERF_EVENT_IOC_ENABLE, "start the counters"); !r)
      return r;
  }
  started_ns_ = thread_ns();
  return {};
}

Result<Reading> Meter::stop() {
  Reading out = {.ns = double(thread_ns() - started_ns_)};
  if (!has_hardware()) return out;
  if (Result<void> r = command(cycles_, PERF_EVENT_IOC_DISABLE, "stop the counters"); !r)
    return r.error();
  GroupReading group = {};
  if (::read(cycles_.get(), &group, sizeof(group)) != ssize_t(sizeof(group)))
    return Error{"read the counters: somebody else has taken them"};
  out.cycles = double(group.cycles);
  out.instructions = double(group.instructions);
  return out;
}

}  // namespace sluice::bench
