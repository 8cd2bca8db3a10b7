// SPDX-License-Identifier: Apache-2.0
// The flows that are remembered, as the API lists them: those that somebody asks for, a part at a
// time.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "api/documents.h"
#include "api/flow_query.h"
#include "kernel/flow_tables.h"
#include "model/config.h"
#include "plan/sweep.h"

namespace sluice {

// What there is to know of flows, as it is now.
struct FlowKnowledge {
  const Config& config;  // the one in force
  const Live& live;
  const Leaving& leaving;
};

// Says what operators know of a flow, and whether it is asked for. Pure.
class FlowReporter {
 public:
  FlowReporter(const FlowKnowledge& k, const api::FlowQuery& query, Time now);

  // Nothing if it is not asked for.
  std::optional<api::Flow> report(const Flow& flow);

 private:
  struct Name {
    std::string text;  // "pool/backend"
    bool leaving;
  };
  using Names = std::map<IpAddress, Name>;
  const Names& names_of(const std::string& service);
  bool is_asked_for(const Flow& flow, const MemberKey* member);

  FlowKnowledge k_;
  const api::FlowQuery& query_;
  Time now_;
  FlowJudge judge_;
  std::map<std::string, Names> names_;  // by service; filled as they are needed
};

// Nothing if the query names a service or a backend that there is not. `tables` null: no flow is
// remembered.
Result<std::optional<api::FlowList>> list_flows(const FlowTables* tables, const FlowKnowledge& k,
                                                const api::FlowQuery& query, Time now);

}  // namespace sluice
