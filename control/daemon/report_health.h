// SPDX-License-Identifier: Apache-2.0
// What the daemon knows of the health of backends, as the documents of the API.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backend_documents.h"
#include "daemon/controller.h"
#include "daemon/health_keeper.h"
#include "daemon/override_desk.h"
#include "daemon/traffic_watch.h"

namespace sluice {

// Everything such a document is made of, as it is now.
struct HealthKnowledge {
  const Config& config;  // the one in force
  const Controller& controller;
  const HealthKeeper& health;
  const Sweep* sweep;  // the last whole round of the flow tables; null: none is remembered
  const TrafficWatch& traffic;
  Moment now = Moment::now();
};

// Those of one pool, or of all if it is empty.
std::vector<api::PoolBackend> report_backends(const HealthKnowledge& k, std::string_view pool);
// The same, with all there is to say of how it is asked; none: there is no such backend.
std::optional<api::PoolBackend> report_backend(const HealthKnowledge& k, const BackendRef& ref);
// All of an address.
std::vector<api::PoolBackend> report_node(const HealthKnowledge& k, const IpAddress& address);
std::vector<api::PoolTrouble> report_pools(const HealthKnowledge& k);
// What checks say of the backends of a service.
void add_health(const HealthKnowledge& k, const std::string& pool, api::Service& service);
// Why checks are not believed at all; empty: they are.
std::string report_checker(const HealthKnowledge& k);

}  // namespace sluice
