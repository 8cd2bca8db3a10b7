// SPDX-License-Identifier: Apache-2.0
#include "daemon/health_keeper.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "health/saved_verdicts.h"

namespace sluice {

namespace {

using health::Findings;
using health::Target;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Outcomes of a target that are kept for people.
constexpr size_t kAnswers = 5;
// How often overrides are looked after: see OverrideStore::tend().
constexpr seconds kTendEvery(5);
// More news of one moment are told by their number.
constexpr size_t kLines = 20;
// What is believed is on the disk so soon after it has changed, so that storms write once.
constexpr milliseconds kSaveAfter(1000);
// Conditions that are refused are tried again so soon: a backend that has died gets packets until
// then.
constexpr milliseconds kApplyAgain(500);
// The least pause between two looks at what time brings.
constexpr milliseconds kSoonest(1);

health::Time now() {
  return std::chrono::steady_clock::now();
}

std::string users_of(const health::Transition& t) {
  std::string out;
  for (const BackendRef& user : t.users)
    out += fmt::format("{}{}/{}", out.empty() ? "" : ", ", user.pool, user.backend);
  return out;
}

void log(const health::Transition& t) {
  const auto level = t.to == health::State::kUp ? spdlog::level::info : spdlog::level::warn;
  spdlog::log(level, "backend {} is {}: {}; last answer: {}; was {} for {:%T}", users_of(t),
              name_of(t.to), t.cause, t.last.empty() ? "none" : t.last, name_of(t.from),
              std::chrono::duration_cast<seconds>(t.lasted));
}

void log(const health::Notice& n) {
  const bool good =
      n.kind == health::Notice::Kind::kNotIsolated || n.kind == health::Notice::Kind::kCanAsk;
  spdlog::log(good ? spdlog::level::info : spdlog::level::warn, "health: {}", n.text);
}

// Once for each time that it becomes another one.
void log_pools(const health::Health& before, const health::Health& after) {
  const auto troubled = [](const health::PoolHealth& p) { return p.panic || p.below_minimum; };
  for (const auto& [name, pool] : after.pools) {
    const auto old = before.pools.find(name);
    const health::PoolHealth was = old == before.pools.end() ? health::PoolHealth{} : old->second;
    if (was.panic == pool.panic && was.below_minimum == pool.below_minimum) continue;
    spdlog::log(troubled(pool) ? spdlog::level::warn : spdlog::level::info, "pool {}: {}", name,
                describe(pool));
  }
}

// As the judge of health reads them.
health::Overrides orders(const Overrides& all) {
  health::Overrides out;
  for (const auto& [key, o] : all) {
    const auto order = o.kind == SavedOverride::Kind::kReady   ? health::Order::kReady
                       : o.kind == SavedOverride::Kind::kDrain ? health::Order::kDrain
                                                               : health::Order::kDisable;
    const health::Override value = {order, o.ends};
    if (const auto* backend = std::get_if<BackendRef>(&key))
      out.backends.emplace(*backend, value);
    else
      out.nodes.emplace(std::get<IpAddress>(key), value);
  }
  return out;
}

health::Judge restored(const HealthStore& store) {
  const auto saved = store.read(Moment::now().wall);
  if (!saved) return {};
  const auto verdicts = health::read_verdicts(saved->text);
  if (verdicts) return health::Judge(*verdicts, now());
  spdlog::warn("what was believed of backends is lost, all are taken for up: {}",
               verdicts.error().message);
  return {};
}

}  // namespace

HealthKeeper::HealthKeeper(EventLoop& loop, const std::string& state, ProbeWays ways, Apply apply)
    : loop_(loop),
      apply_(std::move(apply)),
      ways_(std::move(ways)),
      overrides_(OverrideStore::open(state, Moment::now())),
      store_(HealthStore::open(state)),
      judge_(restored(store_)),
      saved_at_(now()),
      tended_at_(now()) {
}

Result<std::unique_ptr<HealthKeeper>> HealthKeeper::start(EventLoop& loop, const std::string& state,
                                                          Apply apply) {
  Result<ProbeWays> ways = ProbeWays::create();
  if (!ways) return ways.error();
  std::unique_ptr<HealthKeeper> k(
      new HealthKeeper(loop, state, std::move(*ways), std::move(apply)));
  Result<std::unique_ptr<health::Prober>> prober = health::Prober::start(
      loop, [k = k.get()](std::vector<health::Finished> f) { k->hear(std::move(f)); });
  if (!prober) return prober.error();
  k->prober_ = std::move(*prober);
  return k;
}

HealthKeeper::~HealthKeeper() {
  prober_.reset();
  save();
  overrides_.save(Moment::now());
}

void HealthKeeper::aim(const Config& config, const Config& before, const Conditions& in_force) {
  config_ = config;
  targets_ = health::targets_of(config);
  take(judge_.aim(targets_, health::newcomers(before, config), now()));
  tell();
  warn_of_unasked_pools();
  std::map<health::TargetId, std::vector<Answered>> answers;
  for (const Target& t : targets_)
    if (const auto old = answers_.find(t.id); old != answers_.end())
      answers[t.id] = std::move(old->second);
  answers_ = std::move(answers);
  health_ = health::health_of(config_, judge_.verdicts(), orders(overrides_.all()), now());
  apply_again_.reset();
  // Time may have passed while it was being put in force.
  if (health_.conditions != in_force) apply_again_ = now();
  wait();
}

health::Health HealthKeeper::health_of(const Config& config) const {
  health::Judge judge = judge_;
  judge.aim(health::targets_of(config), health::newcomers(config_, config), now());
  return health::health_of(config, judge.verdicts(), orders(overrides_.all()), now());
}

void HealthKeeper::follow(const ProbedMembers& members) {
  const std::map<health::TargetId, std::string> before = ways_.unaskable();
  prober_->set(ways_.work_for(targets_, config_, members));
  warn_of_unaskable(before);
}

void HealthKeeper::warn_of_unaskable(const std::map<health::TargetId, std::string>& before) const {
  size_t lines = 0;
  for (const Target& t : targets_) {
    const std::string why = why_unasked(t.id);
    const auto old = before.find(t.id);
    if (why.empty() || (old != before.end() && old->second == why)) continue;
    if (lines++ < kLines)
      spdlog::warn("{} is not asked: {}; what was believed of it stays", t.name, why);
  }
  if (lines > kLines) spdlog::warn("and {} more are not asked", lines - kLines);
}

void HealthKeeper::hear(std::vector<health::Finished> finished) {
  for (health::Finished& f : finished) {
    const auto asked = f.once_more ? health::Asked::kOnceMore : health::Asked::kOnSchedule;
    take(judge_.hear(f.target, f.outcome, asked, f.ended));
    std::vector<Answered>& answers = answers_[f.target];
    answers.insert(answers.begin(), {std::move(f.outcome), f.ended});
    if (answers.size() > kAnswers) answers.pop_back();
  }
  // Thousands a second mostly say what they said before.
  if (found_.changed)
    look_again();
  else
    wait();
  tell();
}

void HealthKeeper::take(Findings findings) {
  std::ranges::move(findings.transitions, std::back_inserter(found_.transitions));
  std::ranges::move(findings.notices, std::back_inserter(found_.notices));
  if (!findings.ask_now.empty()) prober_->ask_now(findings.ask_now);
  found_.changed |= findings.changed;
  to_save_ |= findings.changed;
}

void HealthKeeper::tell() {
  const Findings found = std::exchange(found_, {});
  for (size_t i = 0; i < std::min(found.transitions.size(), kLines); i++) log(found.transitions[i]);
  if (found.transitions.size() > kLines)
    spdlog::warn("and {} more backends: see `sluicectl backend list`",
                 found.transitions.size() - kLines);
  for (size_t i = 0; i < std::min(found.notices.size(), kLines); i++) log(found.notices[i]);
  if (found.notices.size() > kLines)
    spdlog::warn("health: and {} more like these", found.notices.size() - kLines);
}

void HealthKeeper::warn_of_unasked_pools() {
  std::map<std::string, std::string> now = health::unasked_pools(config_);
  for (const auto& [pool, why] : now)
    if (const auto before = unasked_pools_.find(pool);
        before == unasked_pools_.end() || before->second != why)
      spdlog::warn("pool {} is not checked: {}", pool, why);
  unasked_pools_ = std::move(now);
}

// What is believed, said or due may have become another thing.
void HealthKeeper::look_again() {
  take(judge_.advance(now()));
  tell();
  overrides_.tend(Moment::now());
  tended_at_ = now();
  health::Health next =
      health::health_of(config_, judge_.verdicts(), orders(overrides_.all()), now());
  log_pools(health_, next);
  const bool is_other = next.conditions != health_.conditions;
  health_ = std::move(next);
  if (to_save_ && now() - saved_at_ >= kSaveAfter) save();
  if (is_other || (apply_again_ && now() >= *apply_again_)) put_in_force();
  wait();
}

void HealthKeeper::put_in_force() {
  const Result<void> r = apply_();
  const std::string refusal = r ? "" : r.error().message;
  if (!r) apply_again_ = now() + kApplyAgain;
  if (r) apply_again_.reset();
  if (!r && refusal != last_refusal_)
    spdlog::error("backends get what they got before, and it is tried again: {}", refusal);
  if (r && !last_refusal_.empty()) spdlog::info("backends get what their checks say again");
  last_refusal_ = refusal;
}

// For whatever time alone brings.
void HealthKeeper::wait() {
  std::optional<health::Time> due = judge_.next_due();
  const auto keep = [&](const std::optional<health::Time>& other) {
    if (other && (!due || *other < *due)) due = other;
  };
  keep(health_.next_due);
  keep(apply_again_);
  keep(next_end(overrides_.all()));
  if (!overrides_.all().empty()) keep(tended_at_ + kTendEvery);
  if (to_save_) keep(saved_at_ + kSaveAfter);
  if (timer_ && due == due_) return;
  due_ = due;
  timer_.reset();
  if (!due) return;
  const auto delay = std::chrono::ceil<milliseconds>(*due - now());
  Result<EventLoop::Source> timer = loop_.after(std::max(delay, kSoonest), [this] {
    timer_.reset();
    look_again();
  });
  if (timer)
    timer_ = std::move(*timer);
  else
    spdlog::error("backends are judged when they answer only: {}", timer.error().message);
}

void HealthKeeper::save() {
  if (!to_save_) return;
  to_save_ = false;
  saved_at_ = now();
  const std::string text = health::write_verdicts(judge_.save(now()));
  if (Result<void> r = store_.write(text, Moment::now().wall); !r)
    spdlog::warn("what is believed of backends would be lost by a restart: {}", r.error().message);
}

std::vector<HealthKeeper::Answered> HealthKeeper::answers(health::TargetId target) const {
  const auto it = answers_.find(target);
  return it == answers_.end() ? std::vector<Answered>() : it->second;
}

std::string HealthKeeper::why_unasked(health::TargetId target) const {
  const auto it = ways_.unaskable().find(target);
  return it == ways_.unaskable().end() ? "" : it->second;
}

tl::expected<bool, api::Refusal> HealthKeeper::take_order(const api::Overridable& whom,
                                                          const api::BackendOrder& order) {
  const tl::expected<bool, api::Refusal> r = overrides_.take(config_, whom, order, Moment::now());
  if (r && *r) look_again();
  return r;
}

}  // namespace sluice
