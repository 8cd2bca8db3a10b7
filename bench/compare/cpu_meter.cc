// SPDX-License-Identifier: Apache-2.0
#include "compare/cpu_meter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;

Result<UniqueFd> open_counter(uint64_t event, int cpu) {
  perf_event_attr attr = {};
  attr.type = PERF_TYPE_HARDWARE;
  attr.size = sizeof(attr);
  attr.config = event;
  attr.pinned = 1;  // always counts, or is in error: never an estimate
  attr.exclude_hv = 1;
  constexpr int kAnyThread = -1, kNoGroup = -1;
  UniqueFd fd(
      int(::syscall(SYS_perf_event_open, &attr, kAnyThread, cpu, kNoGroup, PERF_FLAG_FD_CLOEXEC)));
  if (!fd.valid()) return errno_error("perf_event_open");
  return fd;
}

Result<double> count_of(const UniqueFd& counter) {
  uint64_t count = 0;
  if (::read(counter.get(), &count, sizeof(count)) != ssize_t(sizeof(count)))
    return Error{"read a counter: somebody else has taken it"};
  return double(count);
}

double thread_ns() {
  timespec t = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) * 1e9 + double(t.tv_nsec);
}

// Of the kernel thread that has what softirqs leave over.
UniqueFd open_softirq_account(int cpu) {
  const std::string name = fmt::format("ksoftirqd/{}", cpu);
  std::error_code failed;
  for (const fs::directory_entry& e : fs::directory_iterator("/proc", failed)) {
    std::string comm;
    std::getline(std::ifstream(e.path() / "comm"), comm);
    if (comm == name)
      return UniqueFd(::open((e.path() / "schedstat").c_str(), O_RDONLY | O_CLOEXEC));
  }
  return {};
}

// Its first number: nanoseconds on the CPU.
double account_ns(const UniqueFd& schedstat) {
  char text[128] = {};
  if (!schedstat.valid() || ::pread(schedstat.get(), text, sizeof(text) - 1, 0) <= 0) return 0;
  return std::strtod(text, nullptr);
}

}  // namespace

Result<CpuMeter> CpuMeter::open(int cpu) {
  CpuMeter meter;
  meter.softirq_ = open_softirq_account(cpu);
  if (Result<void> r = meter.open_hardware(cpu); !r) {
    meter.cycles_ = UniqueFd();
    meter.instructions_ = UniqueFd();
    meter.why_not_ = r.error().message;
  }
  return meter;
}

Result<void> CpuMeter::open_hardware(int cpu) {
  for (auto [counter, event] : {std::pair(&cycles_, PERF_COUNT_HW_CPU_CYCLES),
                                std::pair(&instructions_, PERF_COUNT_HW_INSTRUCTIONS)}) {
    Result<UniqueFd> fd = open_counter(event, cpu);
    if (!fd) return fd.error();
    *counter = std::move(*fd);
  }
  // Some hypervisors let counters be opened that never count.
  for (const UniqueFd* counter : {&cycles_, &instructions_}) {
    const Result<double> count = count_of(*counter);
    if (!count) return count.error();
    if (*count == 0) return Error{"the counters stand still"};
  }
  return {};
}

Result<Reading> CpuMeter::read_all() const {
  Reading out = {.ns = thread_ns() + account_ns(softirq_)};
  if (!has_hardware()) return out;
  const Result<double> cycles = count_of(cycles_), instructions = count_of(instructions_);
  if (!cycles) return cycles.error();
  if (!instructions) return instructions.error();
  out.cycles = *cycles;
  out.instructions = *instructions;
  return out;
}

Result<void> CpuMeter::start() {
  const Result<Reading> now = read_all();
  if (!now) return now.error();
  at_start_ = *now;
  return {};
}

Result<Reading> CpuMeter::stop() {
  Result<Reading> now = read_all();
  if (!now) return now;
  return Reading{.instructions = now->instructions - at_start_.instructions,
                 .cycles = now->cycles - at_start_.cycles,
                 .ns = now->ns - at_start_.ns};
}

}  // namespace sluice::bench
