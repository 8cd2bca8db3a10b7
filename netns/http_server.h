// SPDX-License-Identifier: Apache-2.0
// A web server in a host that says who it is.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "netns/host.h"

struct MHD_Daemon;

namespace sluice::netns {

// Answers on every address of its host, both families:
//   GET  ANY        "<name>\n"
//   GET  /bytes/N   N bytes
//   POST ANY        takes the body and says how many bytes it was
// Every answer carries `Backend: <name>`, answers to POST also `Received: <bytes>`. Connections
// are kept alive unless the client asks otherwise. Runs on threads of this process: only its
// socket is in the host.
class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> start(const Host& host, const std::string& name,
                                                   uint16_t port);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  const std::string& name() const { return name_; }
  uint64_t requests() const { return requests_; }
  uint64_t received() const { return received_; }  // bytes of request bodies

 private:
  struct Callbacks;
  explicit HttpServer(const std::string& name) : name_(name) {}

  std::string name_;
  std::atomic<uint64_t> requests_ = 0, received_ = 0;
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace sluice::netns
