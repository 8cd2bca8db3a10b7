// SPDX-License-Identifier: Apache-2.0
// An address prefix of either family, as operators write it.
#pragma once

#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace sluice::agent {

struct Prefix {
  IpAddress address;      // bits behind the prefix are zero
  unsigned length = 128;  // as the data plane counts: IPv4's are 96 longer than they are written

  // "ADDRESS" or "ADDRESS/LENGTH". Refuses bits behind the prefix, which are a mistake more often
  // than not: the Error says only what is wrong with `text`, without repeating it.
  static Result<Prefix> parse(std::string_view text);
  std::string to_string() const;

  auto operator<=>(const Prefix&) const = default;
};

}  // namespace sluice::agent
