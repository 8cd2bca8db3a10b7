// SPDX-License-Identifier: Apache-2.0
// Serves the API over HTTP on a Unix socket, on the caller's event loop and thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/backend_documents.h"
#include "api/backend_order.h"
#include "api/config_documents.h"
#include "api/documents.h"
#include "api/flow_query.h"
#include "base/event_loop.h"
#include "base/result.h"

namespace sluice::api {

// What is asked about the configuration.
struct ConfigHandlers {
  // What the text of a file would change; touches nothing.
  std::function<Result<Checked<ConfigDiff>>(std::string_view text)> diff;
  // Puts it in force and into the file; unless `confirm` is 0, for so long if nobody confirms.
  std::function<Result<Checked<ConfigApplied>>(std::string_view text, std::chrono::seconds confirm)>
      apply;
  std::function<Result<void>()> confirm;
  std::function<Result<ConfigApplied>(size_t number, std::chrono::seconds confirm)> rollback;
  std::function<std::vector<ConfigEntry>()> history;
  // None: there are not so many.
  std::function<Result<std::optional<ConfigText>>(size_t number)> show;
};

// Why something is not done, and the status that says so.
struct Refusal {
  unsigned status = 500;  // 404: there is no such backend; 409: something else has to be done first
  std::string why;
};

// What is asked about backends. Names are well-formed.
struct BackendHandlers {
  // Of all pools if `pool` is empty; none: there is no such pool.
  std::function<std::optional<BackendList>(std::string_view pool)> list;
  // None: there is no such backend.
  std::function<std::optional<PoolBackend>(const BackendName& name)> show;
  // Empty: no backend has the address.
  std::function<std::vector<PoolBackend>(const IpAddress& address)> node;
  // Puts an override in force, or undoes it. `order.by` is who asks, as far as it can be told.
  std::function<tl::expected<Overridden, Refusal>(const Overridable& whom,
                                                  const BackendOrder& order)>
      put;
};

// What the daemon says and does. Called on the event loop's thread, one at a time.
struct Handlers {
  std::function<Status()> status;
  std::function<std::vector<Service>()> services;
  std::function<std::optional<Service>(std::string_view name)> service;
  // A part of them, if they are many; none: there is no such service or backend.
  std::function<Result<std::optional<FlowList>>(const FlowQuery& query)> flows;
  // Reads the configuration file again and publishes it; an error leaves the old state in force.
  std::function<Result<void>()> reload;
  // Detaches everything and removes what is pinned. It may stop the event loop: the answer is
  // sent first.
  std::function<Result<void>()> unload;
  ConfigHandlers config;
  BackendHandlers backends;
};

class Server {
 public:
  // Binds `socket_path` (mode 0660), replacing a stale socket. An error if somebody listens there
  // already. `loop` must outlive the server.
  static Result<Server> listen(EventLoop& loop, const std::string& socket_path, Handlers handlers);

  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();  // removes the socket

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::api
