// SPDX-License-Identifier: Apache-2.0
#include "netns/flow_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <utility>

#include "netns/flow.h"
#include "netns/socket_address.h"

namespace sluice::netns {
namespace {

constexpr int kBacklog = 4096;

Result<UniqueFd> tcp_listener() {
  UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int off = 0;
  setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  const sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(kFlowPort)};
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) < 0 ||
      listen(fd.get(), kBacklog) < 0)
    return errno_error("listen for flows");
  return fd;
}

// Bound to the VIP: it is what answers have to come from.
Result<UniqueFd> udp_socket(const std::string& vip) {
  const SocketAddress address = socket_address(vip, kFlowPort);
  UniqueFd fd(
      socket(address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP));
  const int bytes = 1 << 20;  // thousands of flows may speak at once
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  if (bind(fd.get(), address.get(), address.size) < 0)
    return errno_error("wait for datagrams to " + vip);
  return fd;
}

}  // namespace

Result<std::unique_ptr<FlowServer>> FlowServer::start(Topology& topology) {
  std::unique_ptr<FlowServer> server(new FlowServer);
  server->epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  server->stop_ = UniqueFd(eventfd(0, EFD_CLOEXEC));
  for (const BackendHost& backend : topology.backends())
    if (Result<void> r = server->open_sockets(backend, topology.options().vips); !r)
      return Error{backend.name + ": " + r.error().message};
  epoll_event stop = {.events = EPOLLIN, .data = {.fd = server->stop_.get()}};
  if (epoll_ctl(server->epoll_.get(), EPOLL_CTL_ADD, server->stop_.get(), &stop) < 0)
    return errno_error("watch sockets");
  server->thread_ = std::thread([s = server.get()] { s->run(); });
  return server;
}

FlowServer::~FlowServer() {
  const uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof(one));
  if (thread_.joinable()) thread_.join();
}

Result<void> FlowServer::open_sockets(const BackendHost& backend,
                                      const std::vector<std::string>& vips) {
  return backend.host->run([&]() -> Result<void> {
    Result<UniqueFd> listener = tcp_listener();
    if (!listener) return listener.error();
    if (Result<void> r = add({Kind::kListener, std::move(*listener), backend.name}); !r) return r;
    for (const std::string& vip : vips) {
      Result<UniqueFd> udp = udp_socket(vip);
      if (!udp) return udp.error();
      if (Result<void> r = add({Kind::kUdp, std::move(*udp), backend.name}); !r) return r;
    }
    return {};
  });
}

Result<void> FlowServer::add(Socket socket) {
  const int fd = socket.fd.get();
  epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0) return errno_error("watch a socket");
  sockets_.insert_or_assign(fd, std::move(socket));
  return {};
}

void FlowServer::run() {
  std::array<epoll_event, 256> events;
  for (;;) {
    const int n = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    for (int i = 0; i < n; i++) {
      if (events[size_t(i)].data.fd == stop_.get()) return;
      serve(events[size_t(i)].data.fd);
    }
  }
}

void FlowServer::serve(int fd) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return;
  const Socket& socket = found->second;
  if (socket.kind == Kind::kListener) return accept_all(socket);
  if (socket.kind == Kind::kUdp) return answer_datagrams(socket);
  if (!answer_connection(socket)) sockets_.erase(found);
}

void FlowServer::accept_all(const Socket& listener) {
  const std::string backend = listener.backend;
  const int listening = listener.fd.get();
  for (;;) {
    UniqueFd fd(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) return;
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // One that cannot be watched is closed, which its client counts as broken.
    (void)add({Kind::kConnection, std::move(fd), backend});
  }
}

void FlowServer::answer_datagrams(const Socket& socket) {
  const FlowAnswer answer = flow_answer(socket.backend);
  SocketAddress client;
  char request;
  for (;;) {
    client.size = sizeof(client.storage);
    if (recvfrom(socket.fd.get(), &request, 1, 0, client.get(), &client.size) < 0) return;
    // One that is lost is asked for again.
    (void)sendto(socket.fd.get(), answer.data(), answer.size(), 0, client.get(), client.size);
  }
}

bool FlowServer::answer_connection(const Socket& connection) {
  const FlowAnswer answer = flow_answer(connection.backend);
  std::array<char, 64> requests;
  const ssize_t n = recv(connection.fd.get(), requests.data(), requests.size(), 0);
  if (n < 0) return errno == EAGAIN;
  for (ssize_t i = 0; i < n; i++)
    if (send(connection.fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL) !=
        ssize_t(answer.size()))
      return false;
  return n > 0;
}

}  // namespace sluice::netns
