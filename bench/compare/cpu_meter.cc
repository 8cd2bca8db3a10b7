// SPDX-License-Identifier: Apache-2.0
#include "compare/cpu_meter.h"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;

constexpr int kThisThread = 0, kAnyThread = -1, kAnyCpu = -1;

struct Event {
  uint32_t type;
  uint64_t config;
};
constexpr Event kClock = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK};
constexpr Event kCycles = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES};
constexpr Event kInstructions = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS};

// Counts from now on.
Result<UniqueFd> open_event(const Event& event, int thread, int cpu) {
  perf_event_attr attr = {};
  attr.type = event.type;
  attr.size = sizeof(attr);
  attr.config = event.config;
  attr.pinned = 1;  // always counts, or is in error: never an estimate
  attr.exclude_hv = 1;
  constexpr int kNoGroup = -1;
  UniqueFd fd(
      int(::syscall(SYS_perf_event_open, &attr, thread, cpu, kNoGroup, PERF_FLAG_FD_CLOEXEC)));
  if (!fd.valid()) return errno_error("perf_event_open");
  return fd;
}

// 0 of what is not open.
Result<double> count_of(const UniqueFd& event) {
  uint64_t count = 0;
  if (!event.valid()) return 0.0;
  if (::read(event.get(), &count, sizeof(count)) != ssize_t(sizeof(count)))
    return Error{"read a counter: somebody else has taken it"};
  return double(count);
}

// The kernel thread that has what softirqs leave over; 0: it cannot be seen.
int softirq_thread(int cpu) {
  const std::string name = fmt::format("ksoftirqd/{}", cpu);
  std::error_code failed;
  for (const fs::directory_entry& e : fs::directory_iterator("/proc", failed)) {
    std::string comm;
    std::getline(std::ifstream(e.path() / "comm"), comm);
    if (comm == name) return std::atoi(e.path().filename().c_str());
  }
  return 0;
}

}  // namespace

Result<CpuMeter> CpuMeter::open(int cpu) {
  CpuMeter meter;
  Result<UniqueFd> clock = open_event(kClock, kThisThread, kAnyCpu);
  if (!clock) return clock.error();
  meter.thread_ = std::move(*clock);
  if (const int softirq = softirq_thread(cpu))
    if (Result<UniqueFd> fd = open_event(kClock, softirq, kAnyCpu); fd)
      meter.softirq_ = std::move(*fd);
  if (Result<void> r = meter.open_hardware(cpu); !r) {
    meter.cycles_ = UniqueFd();
    meter.instructions_ = UniqueFd();
    meter.why_not_ = r.error().message;
  }
  return meter;
}

Result<void> CpuMeter::open_hardware(int cpu) {
  for (auto [counter, event] :
       {std::pair(&cycles_, kCycles), std::pair(&instructions_, kInstructions)}) {
    Result<UniqueFd> fd = open_event(event, kAnyThread, cpu);
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
  double counts[4] = {};
  size_t i = 0;
  for (const UniqueFd* event : {&thread_, &softirq_, &cycles_, &instructions_}) {
    const Result<double> count = count_of(*event);
    if (!count) return count.error();
    counts[i++] = *count;
  }
  return Reading{.instructions = counts[3], .cycles = counts[2], .ns = counts[0] + counts[1]};
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
