// SPDX-License-Identifier: Apache-2.0
// Google's gRPC server for Python with grpc.health.v1, as a backend.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "health/servers/child.h"
#include "support/temporary_folder.h"

namespace sluice::health {

// Listens on 127.0.0.1. grpc_server.py says which services it knows.
class GrpcServer {
  test::TemporaryFolder folder_;

 public:
  explicit GrpcServer(bool tls = false);

  uint16_t port() const { return port_; }
  Child& child() { return *child_; }
  void restart();

 private:
  const uint16_t port_ = free_port();
  std::vector<std::string> command_;
  std::unique_ptr<Child> child_;
};

}  // namespace sluice::health
