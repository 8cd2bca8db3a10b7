// SPDX-License-Identifier: Apache-2.0
#include "program/cpu.h"

#include <fmt/format.h>
#include <sched.h>

namespace sluice::bench {

Result<int> last_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return errno_error("ask for the CPUs");
  int last = 0;
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET(size_t(i), &set)) last = i;
  return last;
}

Result<void> stay_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(size_t(cpu), &set);
  if (::sched_setaffinity(0, sizeof(set), &set) != 0)
    return errno_error(fmt::format("stay on CPU {}", cpu));
  return {};
}

}  // namespace sluice::bench
