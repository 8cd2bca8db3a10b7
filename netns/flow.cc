// SPDX-License-Identifier: Apache-2.0
#include "netns/flow.h"

#include <sys/resource.h>

#include <algorithm>

namespace sluice::netns {

FlowAnswer flow_answer(const std::string& name) {
  FlowAnswer answer = {};
  name.copy(answer.data(), answer.size() - 1);
  return answer;
}

std::string name_in(const FlowAnswer& answer) {
  return {answer.begin(), std::find(answer.begin(), answer.end(), '\0')};
}

Result<void> allow_many_descriptors() {
  constexpr rlim_t kEnough = 16384;
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= kEnough) return {};
  limit.rlim_cur = kEnough;
  limit.rlim_max = std::max(limit.rlim_max, kEnough);
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return errno_error("allow many open files");
  return {};
}

}  // namespace sluice::netns
