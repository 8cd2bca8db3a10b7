// SPDX-License-Identifier: Apache-2.0
#include "change/scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::bench {

namespace {

constexpr unsigned kEdited = 3;  // which backend of a service; of fewer the last one

// What follows the address; nothing where the backend is as all others.
std::string weight_of(Edit edit, bool in_the_middle) {
  if (edit == Edit::kEveryWeight || (edit == Edit::kWeight && in_the_middle)) return ", weight: 50";
  if (edit == Edit::kDrained && in_the_middle) return ", weight: 0";
  return "";
}

}  // namespace

std::string yaml_of(const Scale& scale, Edit edit, const std::string& interface) {
  std::string pools, services;
  for (unsigned s = 0; s < scale.services; s++) {
    fmt::format_to(std::back_inserter(pools), "  pool{}:\n    backends:\n", s);
    for (unsigned b = 0; b < scale.backends; b++) {
      const bool is_edited = b == std::min(kEdited, scale.backends - 1);
      const bool in_the_middle = is_edited && s == scale.services / 2;
      if (edit == Edit::kGone && in_the_middle) continue;
      fmt::format_to(std::back_inserter(pools), "      be{}: {{address: 10.{}.{}.{}{}}}\n", b,
                     s / 256, s % 256, b + 1, is_edited ? weight_of(edit, in_the_middle) : "");
    }
    fmt::format_to(std::back_inserter(services),
                   "  service{0}:\n    vip: [198.18.{1}.{2}]\n    ports: [80/tcp, 443/tcp]\n"
                   "    pool: pool{0}\n",
                   s, s / 256, s % 256);
  }
  return fmt::format(
      "version: 1\ninterfaces:\n  {}: {{mode: native}}\ndefaults: {{forward: ipip, seed: bench}}\n"
      "pools:\n{}services:\n{}",
      interface, pools, services);
}

}  // namespace sluice::bench
