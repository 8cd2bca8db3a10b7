// SPDX-License-Identifier: Apache-2.0
#include "health/servers/name_server.h"

#include <signal.h>

#include <fstream>
#include <vector>

namespace sluice::health {

NameServer::NameServer() {
  std::ofstream(folder_.path("hosts")) << "";
  restart();
}

void NameServer::restart() {
  child_.reset();
  const std::string kilobyte = std::string(250, 'a') + "," + std::string(250, 'b') + "," +
                               std::string(250, 'c') + "," + std::string(250, 'd');
  child_ = std::make_unique<Child>(
      std::vector<std::string>{"/usr/sbin/dnsmasq", "--keep-in-foreground",
                               "--conf-file=", "--no-resolv", "--no-hosts",
                               "--addn-hosts=" + folder_.path("hosts"), "--log-facility=-",
                               "--user=", "--pid-file=", "--listen-address=127.0.0.1,::1",
                               "--bind-interfaces", "--port=" + std::to_string(port),
                               "--local=/shop.example/", "--host-record=www.shop.example,192.0.2.1",
                               "--txt-record=large.shop.example," + kilobyte},
      folder_.path("log"));
  child_->wait_for_port(port);  // of TCP, which it has, too
}

void NameServer::know(const std::string& hosts) {
  std::ofstream(folder_.path("hosts")) << hosts << std::flush;
  child_->signal(SIGHUP);
}

}  // namespace sluice::health
