// SPDX-License-Identifier: Apache-2.0
// Echo requests and replies of ICMP and ICMPv6, as bytes. Both have the same form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::health {

struct Echo {
  uint16_t id = 0, sequence = 0;
  uint64_t token = 0;   // at the front of the payload: which request this is the reply to
  size_t payload = 56;  // bytes, at least kLeastPayload; behind the token they count up
};

inline constexpr size_t kEchoHeader = 8;
inline constexpr size_t kLeastPayload = 8;

// Of AF_INET with its checksum, of AF_INET6 without: that one covers addresses, and is the
// kernel's.
std::string echo_request(int family, const Echo& echo);

// The token of an echo reply; none if `message` is something else.
std::optional<uint64_t> reply_token(int family, std::string_view message);

// What is wrong with a reply to `echo`, whose token it has: in words; empty: nothing. Ping sockets
// have an id that the kernel gives, and compares.
std::string wrong_with_reply(int family, std::string_view message, const Echo& echo,
                             bool compare_id);

}  // namespace sluice::health
