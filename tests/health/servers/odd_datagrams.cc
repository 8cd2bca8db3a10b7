// SPDX-License-Identifier: Apache-2.0
#include "health/servers/odd_datagrams.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

namespace sluice::health {

OddDatagrams::OddDatagrams(std::function<Packets(std::string question)> answer)
    : answer_(std::move(answer)), fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

OddDatagrams::~OddDatagrams() {
  enough_ = true;
  ::shutdown(fd_.get(), SHUT_RDWR);
  thread_.join();
}

void OddDatagrams::run() {
  while (!enough_) {
    char bytes[2048];
    sockaddr_in from = {};
    socklen_t size = sizeof(from);
    sockaddr* const generic = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = ::recvfrom(fd_.get(), bytes, sizeof(bytes), 0, generic, &size);
    if (got <= 0) return;
    questions_++;
    ports_.insert(from.sin_port);
    for (const std::string& packet : answer_({bytes, size_t(got)}))
      ::sendto(fd_.get(), packet.data(), packet.size(), 0, generic, size);
  }
}

}  // namespace sluice::health
