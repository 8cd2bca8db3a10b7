// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <netinet/in.h>

#include "compare/contestant.h"
#include "compare/site_sluice.h"

namespace sluice::bench {

Contestant sluice_contestant(const std::string& mode, const std::string& tracking) {
  const auto set_up = [mode, tracking](Site& site) -> Result<AtWork> {
    Result<std::unique_ptr<netns::Instance>> sluice = start_sluice(
        site, fmt::format("bench-{}-{}", mode, tracking), {.mode = mode, .tracking = tracking});
    if (!sluice) return sluice.error();
    AtWork out;
    out.sluice = std::move(*sluice);
    return out;
  };
  return {.name = fmt::format("sluice-{}-{}", mode, tracking),
          .summary = fmt::format("sluice, {}, tracking {}, IPIP", mode, tracking),
          .role = Role::kSluice,
          .delivery = {.protocol = IPPROTO_IPIP, .to = Delivery::To::kBackend, .growth = 20},
          .set_up = set_up};
}

}  // namespace sluice::bench
