// SPDX-License-Identifier: Apache-2.0
#include "cli/tally.h"

#include "cli/human.h"
#include "cli/table.h"

namespace sluice::cli {

void Tally::add(const Fate& fate) {
  packets_++;
  if (fate.verdict == Verdict::kSkipped) skipped_++;
  Count& count = fates_[{fate.verdict, std::string(fate.reason)}];
  count.packets++;
  count.meaning = fate.is_forwarded() ? "forwarded to a backend" : std::string(fate.text);
  if (fate.is_forwarded()) backends_[std::string(fate.service)][std::string(fate.backend)]++;
}

std::string Tally::fates(bool color) const {
  Table table(
      {{"VERDICT"}, {"PACKETS", Align::kRight}, {"SHARE", Align::kRight}, {"REASON"}, {"MEANING"}},
      color);
  for (const auto& [fate, count] : fates_)
    table.add({to_string(fate.first), human_count(count.packets),
               human_share(double(count.packets) / double(packets_)),
               fate.second.empty() ? "-" : fate.second, count.meaning});
  return table.to_string();
}

std::string Tally::backends(bool color) const {
  Table table({{"SERVICE"}, {"BACKEND"}, {"PACKETS", Align::kRight}, {"SHARE", Align::kRight}},
              color);
  for (const auto& [service, backends] : backends_) {
    uint64_t total = 0;
    for (const auto& [backend, packets] : backends) total += packets;
    for (const auto& [backend, packets] : backends)
      table.add(
          {service, backend, human_count(packets), human_share(double(packets) / double(total))});
  }
  return table.to_string();
}

}  // namespace sluice::cli
