// SPDX-License-Identifier: Apache-2.0
// sluiced itself: what happens when the file, the network or an operator says something new.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/server.h"
#include "base/event_loop.h"
#include "daemon/backend_desk.h"
#include "daemon/config_desk.h"
#include "daemon/config_watch.h"
#include "daemon/controller.h"
#include "daemon/flow_keeper.h"
#include "daemon/health_keeper.h"
#include "daemon/network_follower.h"
#include "daemon/options.h"
#include "daemon/ways.h"
#include "network/monitor.h"

namespace sluice {

class Daemon {
 public:
  // Takes the instance, reads the file and puts the data plane in force. Fails, with whatever
  // served before serving on, if any of it cannot be done.
  static Result<std::unique_ptr<Daemon>> start(EventLoop& loop, const Options& options);

  // The file may have changed: reads it, and applies it if it says anything new. The error is kept
  // for the status, too.
  Result<void> reload();
  // Removes the data plane and stops the loop.
  Result<void> unload();

 private:
  Daemon(EventLoop& loop, Options options, Controller controller, Ways ways, Netlink netlink);
  Result<void> find_ways(const Config& config, std::chrono::milliseconds patience);
  Result<void> refresh_ways(const Config& config);
  Result<Ways::Renamed> renamed_of(const Config& config);
  Result<void> first_apply();
  Result<void> watch();
  Result<void> follow_network();
  Result<void> keep_flows();
  Result<void> keep_health();
  Result<void> apply(const Config& config);
  Result<void> apply(const Config& config, const Conditions& conditions);
  Result<api::ConfigDiff> preview(const Config& config);
  Road road();
  Result<void> put(const Config& config);
  api::ConfigHandlers config_handlers();
  api::Handlers handlers();
  std::map<std::string, std::string> lost() const;
  void warn_of_lost();
  api::Status status() const;
  std::vector<api::Service> services() const;
  std::optional<api::Service> service(std::string_view name) const;
  api::Flows flow_totals() const;
  Result<std::optional<api::FlowList>> flows(const api::FlowQuery& query) const;

  EventLoop& loop_;
  Options options_;
  Controller controller_;
  Ways ways_;
  Netlink netlink_;
  std::vector<Link> links_;                       // as they were at the last apply()
  Config config_;                                 // the one in force
  std::map<std::string, std::string> warned_of_;  // as lost() was last
  std::string loaded_at_;
  std::string last_error_;
  NetworkFollower network_;
  std::optional<Monitor> monitor_;
  std::optional<ConfigWatch> config_watch_;
  std::optional<ConfigDesk> desk_;
  std::unique_ptr<FlowKeeper> flow_keeper_;
  std::unique_ptr<HealthKeeper> health_;
  std::unique_ptr<BackendDesk> backends_;
  std::optional<api::Server> server_;
};

}  // namespace sluice
