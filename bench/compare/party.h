// SPDX-License-Identifier: Apache-2.0
// A contestant at work on a site, with traffic.
#pragma once

#include <memory>

#include "base/result.h"
#include "compare/contestant.h"
#include "compare/site.h"
#include "compare/traffic.h"
#include "netns/lab.h"

namespace sluice::bench {

struct Party {
  // In the order of need: the last is gone first.
  const Contestant* contestant = nullptr;
  Site site;
  std::unique_ptr<Traffic> traffic;
  AtWork work;

  // `lab` and `contestant` must outlive it. Called by the main thread.
  static Result<Party> set_up(const netns::Lab& lab, const Contestant& contestant,
                              const TrafficMaker& make_traffic, unsigned queues = 1);

  // Sends until everything is delivered: the kernel has to find out neighbours first, and drops
  // packets meanwhile. Returns how many backends were reached. The calling thread is as for
  // Traffic::send().
  Result<unsigned> settle(uint32_t flows);
};

}  // namespace sluice::bench
