// SPDX-License-Identifier: Apache-2.0
// Which of the remembered flows somebody asks for: the query of GET /v1/flows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"

namespace sluice::api {

inline constexpr uint32_t kUsualFlowLimit = 100;

// A request's "?name=value&...", unescaped.
using Query = std::map<std::string, std::string, std::less<>>;

// Where a FlowList ended. To clients it is a word without a meaning: "2-4711".
struct FlowPlace {
  uint32_t table = 0;
  std::optional<uint32_t> position = {};  // none: the beginning of the table

  bool operator==(const FlowPlace&) const = default;
};
std::string to_string(const FlowPlace& place);

// What is empty or absent is not asked about.
struct FlowQuery {
  std::string service;
  std::string backend;  // "pool/backend"
  std::optional<IpPrefix> vip, client;
  uint32_t limit = kUsualFlowLimit;  // 0: none
  FlowPlace after;                   // a FlowList's `next`

  bool operator==(const FlowQuery&) const = default;
};

// An error names the first word of `query` that is unknown or has a wrong value.
Result<FlowQuery> read_flow_query(const Query& query);

}  // namespace sluice::api
