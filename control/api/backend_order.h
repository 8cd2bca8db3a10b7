// SPDX-License-Identifier: Apache-2.0
// What an operator says of a backend, or of every backend of an address: the body of
// POST /v1/backends/POOL/BACKEND and /v1/nodes/ADDRESS.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "base/ip_address.h"
#include "base/result.h"

namespace sluice::api {

// {"override": "drain", "for": 600, "reason": "new disks", "by": "alice"}; all but the first may be
// missing.
struct BackendOrder {
  enum class What { kAuto, kDrain, kDisable, kReady };

  What what = What::kAuto;
  std::chrono::seconds lasts{0};  // 0: until somebody says otherwise
  std::string reason;
  std::string by;  // as the one who asks calls himself

  bool operator==(const BackendOrder&) const = default;
};

inline constexpr std::chrono::seconds kLongestOverride = std::chrono::hours(24 * 366);
inline constexpr size_t kLongestReason = 200;  // bytes
inline constexpr size_t kLongestBy = 64;

// "auto", "drain", "disable" or "ready".
const char* word_for(BackendOrder::What what);

// An error says what is wrong. Words that are unknown are: who misspells "for" must not drain for
// ever.
Result<BackendOrder> read_order(std::string_view body);
std::string to_body(const BackendOrder& order);

struct BackendName {
  std::string pool, backend;
  bool operator==(const BackendName&) const = default;
};
inline std::string to_string(const BackendName& name) {
  return name.pool + "/" + name.backend;
}
// Of "pool/backend"; an error says what is wrong with it. Whether there is one is another question.
Result<BackendName> read_backend_name(std::string_view text);

// Whom an order means.
using Overridable = std::variant<BackendName, IpAddress>;

}  // namespace sluice::api
