// SPDX-License-Identifier: Apache-2.0
// Waits until backends are where an override wants them, or the time is over.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "api/backend_documents.h"
#include "base/result.h"
#include "cli/remaining.h"

namespace sluice::cli {

struct WaitFor {
  Goal goal = Goal::kNothingLeft;
  std::chrono::seconds quiet{0};                // as judge() takes it
  std::optional<std::chrono::seconds> timeout;  // none: as long as it takes
};

struct Waited {
  Judgement judgement;                     // kNotYet: the time is over
  std::vector<api::PoolBackend> backends;  // as they were last
  double seconds = 0;
};

// Asks `path`, which answers with one backend or an array of them, once a second; says on a
// terminal how far it is. A daemon that does not answer may be restarting: it gets half a minute.
Result<Waited> wait_for(const std::string& socket_path, const std::string& path,
                        const WaitFor& what);

}  // namespace sluice::cli
