// SPDX-License-Identifier: Apache-2.0
#include "program/check.h"

#include <fmt/format.h>
#include <linux/bpf.h>
#include <net/ethernet.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/ip_address.h"
#include "kernel/test_run.h"

namespace sluice::bench {

namespace {

constexpr size_t kIpv4Header = 20, kIpv6Header = 40;

uint16_t number_at(const std::vector<uint8_t>& frame, size_t at) {
  return uint16_t(frame.at(at) << 8 | frame.at(at + 1));
}

Result<void> equal(const char* what, size_t got, size_t expected) {
  if (got == expected) return {};
  return Error{fmt::format("{} is {}, not {}", what, got, expected)};
}

Result<void> check_ethernet(const Outcome& expected, const std::vector<uint8_t>& in,
                            const std::vector<uint8_t>& out) {
  constexpr size_t kFromAt = ETH_ALEN, kTypeAt = kFromAt + ETH_ALEN;
  const MacAddress router = *MacAddress::parse(kRouterMac);
  const MacAddress balancer = *MacAddress::parse(kBalancerMac);
  if (!std::ranges::equal(router.bytes(), std::span(out).first(ETH_ALEN)) ||
      !std::ranges::equal(balancer.bytes(), std::span(out).subspan(kFromAt, ETH_ALEN)))
    return Error{"the frame does not go from the balancer to the router"};
  size_t type = number_at(in, kTypeAt);
  if (expected.outer_family) type = expected.outer_family == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6;
  return equal("the type", number_at(out, kTypeAt), type);
}

// The outer IP header, and the UDP header behind it if there should be one.
Result<void> check_outer(const Outcome& expected, const std::vector<uint8_t>& out) {
  const bool v4 = expected.outer_family == 4;
  const size_t ip = ETH_HLEN, header = v4 ? kIpv4Header : kIpv6Header;
  const size_t length = out.size() - ETH_HLEN;
  if (Result<void> r = equal("the outer version", out.at(ip) >> 4, v4 ? 4 : 6); !r) return r;
  if (Result<void> r =
          equal("the outer protocol", out.at(ip + (v4 ? 9 : 6)), expected.outer_protocol);
      !r)
    return r;
  if (Result<void> r = equal("the outer length", number_at(out, ip + (v4 ? 2 : 4)),
                             v4 ? length : length - kIpv6Header);
      !r)
    return r;
  if (!expected.outer_port) return {};
  return equal("the outer UDP port", number_at(out, ip + header + 2), expected.outer_port);
}

}  // namespace

Result<void> check_frame(const Outcome& expected, const std::vector<uint8_t>& in,
                         const std::vector<uint8_t>& out) {
  if (Result<void> r = equal("the length", out.size(), in.size() + expected.growth); !r) return r;
  if (expected.action != XDP_TX) {
    if (in != out) return Error{"a packet that is not forwarded has been changed"};
    return {};
  }
  if (!std::ranges::equal(std::span(in).subspan(ETH_HLEN),
                          std::span(out).subspan(ETH_HLEN + expected.growth)))
    return Error{"the client's packet has been changed"};
  if (Result<void> r = check_ethernet(expected, in, out); !r) return r;
  return expected.outer_family ? check_outer(expected, out) : Result<void>();
}

Result<void> check_first_packet(const Scenario& scenario, int program_fd) {
  const std::vector<uint8_t> in = frame_of(headers_of(scenario.packet), 0);
  const Result<TestOutcome> ran = test_run(program_fd, Hook::kXdp, in);
  if (!ran) return ran.error();
  if (Result<void> r = equal("the action", ran->action, scenario.outcome.action); !r) return r;
  // It sends the frame back as it came, from where it came.
  if (scenario.program == Program::kNullTx) return {};
  return check_frame(scenario.outcome, in, ran->frame);
}

Result<void> check_wrapper(const Scenario& scenario, Harness& harness, const Subject& subject) {
  constexpr uint32_t kPackets = 3;
  for (const Order& order : scenario.orders) {
    const Result<Run> run = harness.run(subject, order, kMeasureMultiplier, kPackets);
    if (!run) return run.error();
    if (Result<void> r = equal("the number of packets answered as expected",
                               run->actions.at(scenario.outcome.action), kPackets);
        !r)
      return r;
    if (run->frame != frame_of(headers_of(scenario.packet), run->next_flow))
      return Error{"the wrapper does not make the next packet as it should"};
  }
  return {};
}

}  // namespace sluice::bench
