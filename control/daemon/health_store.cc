// SPDX-License-Identifier: Apache-2.0
#include "daemon/health_store.h"

#include <algorithm>

#include "base/log.h"
#include "daemon/lock_file.h"
#include "daemon/sealed_file.h"
#include "daemon/staged_file.h"

namespace sluice {

namespace {

constexpr mode_t kMode = 0600;
constexpr size_t kFacts = 4096;  // that stand before the text, at most

}  // namespace

HealthStore HealthStore::open(const std::string& folder) {
  HealthStore store(folder);
  if (Result<void> r = store.lock(); !r)
    spdlog::warn("what checks find is not kept for the next start: {}", r.error().message);
  return store;
}

Result<void> HealthStore::lock() {
  Result<UniqueFd> lock = take_lock(path() + ".lock");
  is_anothers_ = !lock && lock.error().code == EWOULDBLOCK;
  if (is_anothers_) return Error{"another sluiced keeps its own in " + folder_};
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  return {};
}

std::optional<HealthStore::Saved> HealthStore::read(int64_t wall) const {
  if (is_anothers_) return std::nullopt;
  Result<SealedText> sealed = read_sealed(path(), kLargest + kFacts);
  if (!sealed) {
    if (sealed.error().code != ENOENT)
      spdlog::warn("what checks found before is lost: {}", sealed.error().message);
    return std::nullopt;
  }
  const nlohmann::json at = sealed->facts.value("at", nlohmann::json());
  if (sealed->facts.value("holds", nlohmann::json()) != "health" || !at.is_number_integer()) {
    spdlog::warn("what checks found before is lost: {} holds something else", path());
    return std::nullopt;
  }
  const int64_t age = wall - std::clamp<int64_t>(at.get<int64_t>(), 0, std::max<int64_t>(wall, 0));
  return Saved{std::move(sealed->text), std::chrono::seconds(std::max<int64_t>(age, 0))};
}

Result<void> HealthStore::write(std::string_view text, int64_t wall) {
  if (text.size() > kLargest) return Error{"write " + path() + ": it would be too large"};
  if (is_anothers_) return Error{"write " + path() + ": another sluiced keeps its own there"};
  if (!lock_.valid())
    if (Result<void> r = lock(); !r) return r;
  const nlohmann::json facts = {{"holds", "health"}, {"at", wall}};
  return replace_file(path(), seal({facts, std::string(text)}), kMode, Lasting::kNo);
}

}  // namespace sluice
