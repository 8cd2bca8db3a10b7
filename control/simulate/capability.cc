// SPDX-License-Identifier: Apache-2.0
#include "simulate/capability.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sluice {

std::vector<std::string> missing_capabilities() {
  constexpr struct {
    const char* name;
    int number;
  } kNeeded[] = {
      {"CAP_BPF", CAP_BPF}, {"CAP_NET_ADMIN", CAP_NET_ADMIN}, {"CAP_PERFMON", CAP_PERFMON}};
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, sets) != 0) return {};
  const auto has = [&](int n) { return bool(sets[n / 32].effective >> (n % 32) & 1); };
  std::vector<std::string> missing;
  for (const auto& c : kNeeded)
    if (!has(c.number) && !has(CAP_SYS_ADMIN)) missing.push_back(c.name);
  return missing;
}

}  // namespace sluice
