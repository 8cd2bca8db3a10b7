// SPDX-License-Identifier: Apache-2.0
#include "health/servers/grpc_server.h"

namespace sluice::health {

GrpcServer::GrpcServer(bool tls)
    : command_({"/usr/bin/python3", GRPC_SERVER, std::to_string(port_)}) {
  if (tls) {
    const std::string key = folder_.path("key.pem"), certificate = folder_.path("cert.pem");
    run_program(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 "
        "-subj /CN=grpc.example -keyout " +
        key + " -out " + certificate + " 2>/dev/null");
    command_.insert(command_.end(), {key, certificate});
  }
  restart();
}

void GrpcServer::restart() {
  child_.reset();
  child_ = std::make_unique<Child>(command_, folder_.path("log"));
  child_->wait_for_port(port_);
}

}  // namespace sluice::health
