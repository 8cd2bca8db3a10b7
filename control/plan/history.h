// SPDX-License-Identifier: Apache-2.0
// What has been published, what flows there may be of it, and what is to be published next.
// No I/O: the time, and what the flow tables hold, are arguments.
#pragma once

#include <optional>
#include <vector>

#include "plan/compile.h"
#include "plan/leaving.h"
#include "plan/plan.h"
#include "plan/sweep.h"

namespace sluice {

// What has been published, and what is known of the time before.
struct Past {
  Live live;
  Time published;                // when the generation in force was
  std::optional<Time> ring_due;  // when every flow is remembered that the old rings have
  QuietNumbers quiet;
  KnownBackends backends;
  Leaving leaving;  // in force
};

class History {
 public:
  History() = default;
  // Goes on from where another one was.
  explicit History(Past past) : past_(std::move(past)) {}

  // An image, with what it was made of.
  struct Next {
    Image image;
    Leaving leaving;
  };
  // What `wanted` asks for now, its slots derived from those in force.
  Next next(const Config& wanted, const NextHops& next_hops, const std::vector<MacAddress>& macs,
            Time now, const Conditions& conditions = {});
  // What will be in force when `plan`, of a next(), is published; takes its `next`.
  Past after(Plan& plan, const Config& config, Leaving leaving, Time now) const;
  // It is, since `now` at the latest.
  void go_live(Past past, Time now);

  // Rings of another size come when every living flow is remembered. Until then there are the old
  // ones, and services that remember some flows remember all of them.
  bool keeps_old_rings(const Config& config, Time now) const;

  // Whether time alone asks for another next(): a window is over, a new ring is due, or a round
  // of the flow tables has found something.
  bool is_due(Time now) const;
  // A whole round of the flow tables is done.
  void take(const Sweep& sweep);

  const Past& past() const { return past_; }
  const Live& live() const { return past_.live; }
  // Backends that `config` has no more, but that have flows yet.
  Leaving leaving(const Config& config) const {
    return past_.backends.leaving(config, past_.live, past_.quiet);
  }

 private:
  bool has_left_or_tails() const;
  Config with_old_rings(Config config) const;

  RingCache rings_;
  Past past_;
  std::optional<Sweep> settled_;  // the last round, until it has been made use of
};

}  // namespace sluice
