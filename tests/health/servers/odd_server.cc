// SPDX-License-Identifier: Apache-2.0
#include "health/servers/odd_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace sluice::health {

OddServer::OddServer(std::function<void(int fd)> serve)
    : serve_(std::move(serve)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_ANY)}};
  socklen_t size = sizeof(address);
  sockaddr* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) < 0 || ::listen(listener_.get(), 64) < 0 ||
      ::getsockname(listener_.get(), generic, &size) < 0)
    throw std::runtime_error("cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

OddServer::~OddServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);  // accept(2) fails
  thread_.join();
}

void OddServer::run() {
  for (;;) {
    const UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd.valid()) return;
    serve_(fd.get());
  }
}

bool send_text(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    text.remove_prefix(size_t(sent));
  }
  return true;
}

void wait_for_end(int fd) {
  std::array<char, 4096> bytes;
  while (::recv(fd, bytes.data(), bytes.size(), 0) > 0) continue;
}

void reset_at_end(int fd) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

}  // namespace sluice::health
