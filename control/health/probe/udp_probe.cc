// SPDX-License-Identifier: Apache-2.0
#include "health/probe/udp_probe.h"

#include <fmt/format.h>

#include "health/probe/datagram_probe.h"
#include "health/probe/outcome.h"

namespace sluice::health {

std::unique_ptr<Probe> start_udp_probe(Probers& probers, const UdpCheck& check, const Way& way,
                                       std::chrono::milliseconds timeout, Done done) {
  const auto judge = [expect = check.expect](std::string_view answer) -> std::optional<Outcome> {
    if (!answer.starts_with(expect))
      return bad(fmt::format("the answer begins with {}, and not with {}", in_quotes(answer),
                             in_quotes(expect)));
    return good(answer.empty() ? "answered" : fmt::format("answered {}", in_quotes(answer)));
  };
  return start_datagram_probe(probers, check.send, judge, way, timeout, std::move(done));
}

}  // namespace sluice::health
