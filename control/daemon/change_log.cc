// SPDX-License-Identifier: Apache-2.0
#include "daemon/change_log.h"

#include <algorithm>

#include "base/log.h"

namespace sluice {

namespace {

// Of slots that change their state as time goes by, people need not hear.
bool is_news(const Image& before, const Plan& plan, const Image& after) {
  const auto same = [](const ImageService& a, const ImageService& b) {
    return a.name == b.name && a.frontends == b.frontends && a.members.size() == b.members.size();
  };
  const std::vector<ImageService>& now = after.services;
  return !plan.moved.empty() || !plan.put_members.empty() ||
         !std::equal(now.begin(), now.end(), before.services.begin(), before.services.end(), same);
}

// A change of a large configuration can be of every service: a line each would say less than this.
void log_moved(const std::vector<Moved>& moved) {
  constexpr size_t kLines = 20;
  double most = 0;
  for (size_t i = 0; i < moved.size(); i++)
    if (i < kLines)
      spdlog::info("service {}: {:.2f}% of its slots go to another backend", moved[i].service,
                   moved[i].share * 100);
    else
      most = std::max(most, moved[i].share);
  if (moved.size() > kLines)
    spdlog::info("{} more services: up to {:.2f}% of their slots go to another backend",
                 moved.size() - kLines, most * 100);
}

}  // namespace

void log_change(const Image& before, const Plan& plan, const Live& now) {
  if (plan.empty()) return;
  log_moved(plan.moved);
  if (!plan.patch_macs.empty()) spdlog::info("{} next hops changed", plan.patch_macs.size());
  if (!plan.generation.empty())
    spdlog::log(is_news(before, plan, now.image) ? spdlog::level::info : spdlog::level::debug,
                "generation {} is live: {} services, {} members", now.generation,
                now.image.services.size(), now.members.size());
}

}  // namespace sluice
