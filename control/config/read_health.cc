// SPDX-License-Identifier: Apache-2.0
// What a pool says of health: its check, and what follows when backends are not well.
#include <fmt/format.h>

#include "config/checks.h"
#include "config/cross_check.h"
#include "config/values.h"

namespace sluice {

namespace {

using std::chrono::hours, std::chrono::seconds;

constexpr DurationRange kSlowStart = {seconds(0), hours(1)};
// What the check of the defaults may take in all pools together that have it.
constexpr size_t kMostDefaultBytes = 16 << 20;

// "50%"
std::optional<uint32_t> read_percent(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a share", report);
  if (!text) return std::nullopt;
  if (text->ends_with('%'))
    return read_number(node, text->substr(0, text->size() - 1), 0, 100, report);
  complain(report, node, quoted(*text) + " is not a share in percent, such as 50%");
  return std::nullopt;
}

// False, once reported, when pools that say nothing have become too many for the defaults' check.
bool is_within_bounds(const Node& pool, const CheckDefaults& defaults, Draft& draft,
                      Report& report) {
  const bool was_within = draft.default_check_bytes <= kMostDefaultBytes;
  draft.default_check_bytes += defaults.bytes;
  const bool is_within = draft.default_check_bytes <= kMostDefaultBytes;
  if (was_within && !is_within)
    complain_at_key(report, pool,
                    fmt::format("the check of the defaults takes more than {} MiB up to here; give "
                                "it shorter texts",
                                kMostDefaultBytes >> 20));
  return is_within;
}

// False if the pool is not to be checked. With errors there may be no check nevertheless.
bool read_pool_check(const Block& block, const CheckDefaults& defaults, Pool& pool, Draft& draft,
                     Report& report) {
  PoolNodes& nodes = draft.pools[pool.name];
  const Node* const check = block.find("check");
  const bool is_none = check && check->kind == Node::Kind::kScalar && check->text == kNoCheck;
  if (is_none || (!check && !defaults.kind)) return false;
  if (!is_within_bounds(*nodes.pool, defaults, draft, report)) return true;
  nodes.check = check;
  pool.check = check ? read_check(*check, defaults, report) : default_check(defaults);
  return true;
}

}  // namespace

void read_health(const Block& block, size_t listed, const CheckDefaults& defaults, Pool& pool,
                 Draft& draft, Report& report) {
  const bool is_checked = read_pool_check(block, defaults, pool, draft, report);
  if (const Node* minimum = block.find("minimum")) {
    pool.minimum = read_number(*minimum, 0, kMaxBackendsPerPool, report).value_or(0);
    if (pool.minimum > listed)
      complain(report, *minimum,
               fmt::format("{} is more than there are backends, {}: services of the pool could "
                           "never be up",
                           pool.minimum, listed));
  }
  if (const Node* panic = block.find("panic")) {
    pool.panic = read_percent(*panic, report).value_or(pool.panic);
    if (!is_checked)
      complain_at_key(report, *panic,
                      "of no use without a \"check\": all backends are taken for healthy");
  }
  if (const Node* slow_start = block.find("slow-start"))
    pool.slow_start = read_seconds(*slow_start, kSlowStart, report).value_or(pool.slow_start);
}

}  // namespace sluice
