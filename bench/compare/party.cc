// SPDX-License-Identifier: Apache-2.0
#include "compare/party.h"

#include <fmt/format.h>

#include <bit>
#include <thread>

#include "netns/wait.h"

namespace sluice::bench {

namespace {

constexpr uint64_t kTrial = 1024;
constexpr netns::milliseconds kSettled(3000), kPause(50);

}  // namespace

Result<Party> Party::set_up(const netns::Lab& lab, const Contestant& contestant,
                            const TrafficMaker& make_traffic, unsigned queues) {
  Result<Site> site = Site::create(lab, contestant.name, queues);
  if (!site) return site.error();
  Party party;
  party.contestant = &contestant;
  party.site = std::move(*site);
  // Before the contestant: what an XDP program transmits arrives at none but another one.
  Result<std::unique_ptr<Traffic>> traffic = make_traffic(party.site, contestant.delivery);
  if (!traffic) return traffic.error();
  party.traffic = std::move(*traffic);
  Result<AtWork> work = contestant.set_up(party.site);
  if (!work) return work.error();
  party.work = std::move(*work);
  return party;
}

Result<unsigned> Party::settle(uint32_t flows) {
  Passage last;
  for (netns::milliseconds waited(0); waited < kSettled; waited += kPause) {
    const Result<Passage> passage = send_all(*traffic, kTrial, flows);
    if (!passage) return passage.error();
    last = *passage;
    if (last.delivered == last.sent) return unsigned(std::popcount(last.reached));
    std::this_thread::sleep_for(kPause);
  }
  return Error{fmt::format("of {} packets {} are delivered and {} go astray", last.sent,
                           last.delivered, last.astray)};
}

}  // namespace sluice::bench
