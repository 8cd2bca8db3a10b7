// SPDX-License-Identifier: Apache-2.0
// Asks backends how they are, and keeps what follows from it for the road of every change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "daemon/health_store.h"
#include "daemon/override_desk.h"
#include "daemon/probe_ways.h"
#include "health/conditions.h"
#include "health/judge.h"
#include "health/prober.h"

namespace sluice {

class HealthKeeper {
 public:
  // Puts health() in force. After an error it is called again, and again.
  using Apply = std::function<Result<void>()>;

  // `apply` is called when health() has become another one by itself. The state folder is where
  // verdicts and what operators have said outlive the daemon; a damaged one is nothing but a
  // warning.
  static Result<std::unique_ptr<HealthKeeper>> start(EventLoop& loop, const std::string& state,
                                                     Apply apply);
  ~HealthKeeper();

  // The configuration is in force, with these conditions (of health_of()): from now on its backends
  // are judged, and what was known of others is forgotten. Those that `before` did not have must
  // show that they are well first.
  void aim(const Config& config, const Config& before, const Conditions& in_force);
  // What is aimed at has these members: asks its backends. To be called after every change.
  void follow(const ProbedMembers& members);
  // Routes, neighbours or addresses may have changed; follow() is next.
  void forget_paths() { ways_.forget_paths(); }

  // What follows for the backends of the configuration that was aimed at last.
  const health::Health& health() const { return health_; }
  // The same if `config` were aimed at, as it is to be put in force. Touches nothing: it may be
  // refused.
  health::Health health_of(const Config& config) const;

  // ---- For people.
  struct Answered {
    health::Outcome outcome;
    health::Time at;
  };
  const std::vector<health::Target>& targets() const { return targets_; }
  health::Verdicts verdicts() const { return judge_.verdicts(); }
  // The last few outcomes of a target, newest first.
  std::vector<Answered> answers(health::TargetId target) const;
  // Why a target is not asked now; empty: it is.
  std::string why_unasked(health::TargetId target) const;
  // Why its answers may not get through this host; empty: nothing speaks against it.
  std::string doubt(const health::Target& target) const { return ways_.doubt(target); }
  health::ProberStatistics statistics() const { return prober_->statistics(); }

  // ---- What operators say.
  const Overrides& overrides() const { return overrides_.all(); }
  std::string overrides_trouble() const { return overrides_.trouble(); }
  // As OverrideDesk::take(), and what follows from it.
  tl::expected<bool, api::Refusal> take_order(const api::Overridable& whom,
                                              const api::BackendOrder& order);

 private:
  HealthKeeper(EventLoop& loop, const std::string& state, ProbeWays ways, Apply apply);
  void hear(std::vector<health::Finished> finished);
  void take(health::Findings findings);
  void tell();
  void warn_of_unasked_pools();
  void warn_of_unaskable(const std::map<health::TargetId, std::string>& before) const;
  void look_again();
  void put_in_force();
  void wait();
  void save();

  EventLoop& loop_;
  Apply apply_;
  ProbeWays ways_;
  OverrideDesk overrides_;
  HealthStore store_;  // in the folder that the one above has made
  health::Judge judge_;
  Config config_;  // that was aimed at last
  std::vector<health::Target> targets_;
  std::map<health::TargetId, std::vector<Answered>> answers_;
  health::Health health_;
  std::optional<health::Time> apply_again_;  // not in force yet: when that is tried again
  std::string last_refusal_;
  std::optional<EventLoop::Source> timer_;
  std::optional<health::Time> due_;  // of the timer
  health::Time saved_at_, tended_at_;
  health::Findings found_;  // since they were last told
  std::map<std::string, std::string> unasked_pools_;
  bool to_save_ = false;
  std::unique_ptr<health::Prober> prober_;  // first to go: it calls
};

}  // namespace sluice
