// SPDX-License-Identifier: Apache-2.0
// The best known way to each backend, over time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/next_hop.h"
#include "network/resolver.h"
#include "plan/desired.h"

namespace sluice {

// What the kernel says now, and for backends it has lost the way to, what it said last: a neighbour
// that fails to answer ARP for a moment must not move every flow of that backend (fail static).
// Whether a backend is alive is for health checks to say.
class Ways {
 public:
  static Result<Ways> create();

  // What interfaces of the configuration are called now that have another name by now.
  using Renamed = std::map<std::string, std::string>;

  // Asks the kernel again for every backend of `config`, and for those that are leaving; forgets
  // the others. Next hops name interfaces as the configuration does.
  Result<void> refresh(const Config& config, const Leaving& leaving, const Renamed& renamed);
  // The same, unless everything `config` asks for was asked last time and is known: whoever watches
  // the kernel hears of what has changed since.
  Result<void> look_up(const Config& config, const Leaving& leaving, const Renamed& renamed);

  const NextHops& known() const { return known_; }
  // Why the kernel has no way to a backend right now.
  const std::map<IpAddress, std::string>& missing() const { return missing_; }
  // Every backend has a way, or was `given_up` already?
  bool complete_but_for(const std::map<IpAddress, std::string>& given_up) const;

 private:
  // What is asked for: backends, those without a tunnel once more by themselves, and what is fixed.
  struct Question {
    std::vector<IpAddress> backends, l2;  // in order, each once
    FixedNextHops fixed;
    Renamed renamed;
    bool operator==(const Question&) const = default;
  };
  static Question question_of(const Config& config, const Leaving& leaving, const Renamed& renamed);
  Result<void> ask(Question question);

  explicit Ways(Resolver resolver) : resolver_(std::move(resolver)) {}
  Resolver resolver_;
  Question asked_;
  NextHops known_;
  std::map<IpAddress, std::string> missing_;
};

}  // namespace sluice
