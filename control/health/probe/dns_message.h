// SPDX-License-Identifier: Apache-2.0
// A question to a DNS server, and what of an answer a health check has to know (RFC 1035, 4.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/check.h"

namespace sluice::health {

// In the Internet's class, for a recursive answer if the server gives any, without EDNS.
Result<std::string> encode_dns_question(const DnsCheck& check, uint16_t id);

struct DnsAnswer {
  uint8_t rcode = 0;
  uint16_t records = 0;  // that it says are in its answer section
  bool truncated = false;
};

// Empty if `packet` is not an answer to `question`. The question need not be repeated in an error:
// some servers answer so what they do not understand.
std::optional<DnsAnswer> decode_dns_answer(std::string_view question, std::string_view packet);

// "NXDOMAIN"
std::string rcode_text(uint8_t rcode);

}  // namespace sluice::health
