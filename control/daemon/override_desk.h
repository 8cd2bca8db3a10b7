// SPDX-License-Identifier: Apache-2.0
// Where operators say what is to become of backends beside the configuration, and are told what was
// said.
#pragma once

#include <string>
#include <vector>

#include "api/server.h"
#include "daemon/override_store.h"
#include "model/config.h"

namespace sluice {

class OverrideDesk {
 public:
  explicit OverrideDesk(OverrideStore store) : store_(std::move(store)) {}

  // Takes an order about backends of `config`, or about an override of one that it has not. False:
  // it was so already. What follows for packets is the caller's.
  tl::expected<bool, api::Refusal> take(const Config& config, const api::Overridable& whom,
                                        const api::BackendOrder& order, const Moment& now);
  // As OverrideStore::tend(). True: some have ended.
  bool tend(const Moment& now);
  // Before the daemon ends.
  void save(const Moment& now) { store_.save(now); }

  const Overrides& all() const { return store_.all(); }
  std::string trouble() const { return store_.trouble(); }

 private:
  tl::expected<bool, api::Refusal> undo(const Config& config, const OverrideKey& key,
                                        const Moment& now);
  OverrideStore store_;
};

// Every one, those of backends that `config` has not marked as such.
std::vector<api::Override> report_overrides(const Overrides& all, const Config& config,
                                            const Moment& now);
// Those that mean backends of the pool, or would.
std::vector<api::Override> report_overrides(const Overrides& all, const Config& config,
                                            const Moment& now, const std::string& pool);
// Those that mean the backend; the first one counts.
std::vector<api::Override> report_overrides(const Overrides& all, const Config& config,
                                            const Moment& now, const BackendRef& ref,
                                            const IpAddress& address);

}  // namespace sluice
