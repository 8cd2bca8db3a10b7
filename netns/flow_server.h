// SPDX-License-Identifier: Apache-2.0
// Who has a flow: on every backend, answers each request of flow.h with the backend's name.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/topology.h"

namespace sluice::netns {

// One thread serves all backends, over TCP and UDP. It answers from the VIP, straight to the
// client.
class FlowServer {
 public:
  static Result<std::unique_ptr<FlowServer>> start(Topology& topology);
  FlowServer(const FlowServer&) = delete;
  FlowServer& operator=(const FlowServer&) = delete;
  ~FlowServer();

 private:
  enum class Kind { kListener, kConnection, kUdp };
  struct Socket {
    Kind kind;
    UniqueFd fd;
    std::string backend;
  };
  FlowServer() = default;
  Result<void> open_sockets(const BackendHost& backend, const std::vector<std::string>& vips);
  Result<void> add(Socket socket);
  void run();
  void serve(int fd);
  void accept_all(const Socket& listener);
  void answer_datagrams(const Socket& socket);
  // False when the connection is over.
  bool answer_connection(const Socket& connection);

  UniqueFd epoll_, stop_;
  std::unordered_map<int, Socket> sockets_;
  std::thread thread_;
};

}  // namespace sluice::netns
