// SPDX-License-Identifier: Apache-2.0
#include "netns/http_server.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "netns/payload.h"

namespace sluice::netns {
namespace {

constexpr uint64_t kMaxDownload = 64 << 20;

Result<UniqueFd> listen_on(uint16_t port) {
  UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int off = 0, on = 1;
  setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0 ||
      listen(fd.get(), 1024) < 0)
    return errno_error("listen on port " + std::to_string(port));
  return fd;
}

uint64_t bytes_asked_for(std::string_view url) {
  constexpr std::string_view kPrefix = "/bytes/";
  uint64_t bytes = 0;
  if (url.starts_with(kPrefix))
    std::from_chars(url.data() + kPrefix.size(), url.data() + url.size(), bytes);
  return std::min(bytes, kMaxDownload);
}

// The body of a request, as far as it has come.
struct Received {
  uint64_t size = 0;
  Digest digest;
};

MHD_Result respond(MHD_Connection* connection, const std::string& name, const std::string& body,
                   const Received* upload = nullptr) {
  MHD_Response* response = MHD_create_response_from_buffer(
      body.size(), const_cast<char*>(body.data()), MHD_RESPMEM_MUST_COPY);
  MHD_add_response_header(response, "Backend", name.c_str());
  if (upload) {
    MHD_add_response_header(response, "Received", std::to_string(upload->size).c_str());
    MHD_add_response_header(response, "Digest", upload->digest.text().c_str());
  }
  const MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

// The shape libmicrohttpd prescribes; `state` is a Received.
struct HttpServer::Callbacks {
  static MHD_Result handle(void* self, MHD_Connection* connection, const char* url,
                           const char* method, const char*, const char* upload, size_t* upload_size,
                           void** state) {
    auto* server = static_cast<HttpServer*>(self);
    auto* received = static_cast<Received*>(*state);
    if (!received) {  // only the headers are here
      *state = new Received;
      return MHD_YES;
    }
    if (*upload_size > 0) {
      received->size += *upload_size;
      received->digest.add(upload, *upload_size);
      server->received_ += *upload_size;
      *upload_size = 0;
      return MHD_YES;
    }
    server->requests_++;
    if (std::string_view(method) == MHD_HTTP_METHOD_POST) {
      const std::string bytes = std::to_string(received->size);
      return respond(connection, server->name_, server->name_ + " received " + bytes + "\n",
                     received);
    }
    const uint64_t bytes = bytes_asked_for(url);
    return respond(connection, server->name_,
                   bytes ? std::string(bytes, '.') : server->name_ + "\n");
  }

  static void completed(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
    delete static_cast<Received*>(*state);
    *state = nullptr;
  }
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(const Host& host, const std::string& name,
                                                      uint16_t port) {
  Result<UniqueFd> socket = host.run([&] { return listen_on(port); });
  if (!socket) return Error{"start a web server in " + host.name() + ": " + socket.error().message};
  std::unique_ptr<HttpServer> server(new HttpServer(name));
  server->daemon_ =
      MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, nullptr, nullptr, &Callbacks::handle,
                       server.get(), MHD_OPTION_LISTEN_SOCKET, socket->get(),
                       MHD_OPTION_NOTIFY_COMPLETED, &Callbacks::completed, nullptr, MHD_OPTION_END);
  if (!server->daemon_) return Error{"start a web server in " + host.name()};
  socket->release();  // libmicrohttpd closes it
  return server;
}

HttpServer::~HttpServer() {
  if (daemon_) MHD_stop_daemon(daemon_);
}

}  // namespace sluice::netns
