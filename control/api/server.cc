// SPDX-License-Identifier: Apache-2.0
#include "api/server.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include <charconv>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include "api/routes.h"
#include "api/socket.h"
#include "base/log.h"

namespace sluice::api {

namespace {

// Of all connections together: enough for several of the largest.
constexpr size_t kLargestBodies = 64u << 20;
// A connection's whole buffer: 8 KiB of header, and what the parser keeps about it.
constexpr size_t kConnectionMemory = 10u << 10;
constexpr unsigned kConnections = 64;
constexpr unsigned kIdleSeconds = 5;
// Rounds of work done at once before the loop's other sources get their turn.
constexpr int kRoundsPerTurn = 16;

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const {
    MHD_quiesce_daemon(daemon);  // the listening socket has another owner
    MHD_stop_daemon(daemon);
  }
};

// What requests are answered with, and how much of their bodies is in memory.
struct Desk {
  Handlers handlers;
  size_t held = 0;
};

// One request while its body arrives.
struct Arrival {
  Desk& desk;
  size_t largest;  // body it may have
  std::string body = {};

  ~Arrival() { desk.held -= body.size(); }
  // False if it is too much.
  bool take(std::string_view piece) {
    if (body.size() + piece.size() > largest || desk.held + piece.size() > kLargestBodies)
      return false;
    body += piece;
    desk.held += piece.size();
    return true;
  }
};

void log_mhd(void*, const char* format, va_list arguments) {
  char text[512];
  std::vsnprintf(text, sizeof(text), format, arguments);
  spdlog::debug("api: {}", printable(text));
}

MHD_Result send(MHD_Connection* connection, const Answer& answer) {
  const std::string body =
      answer.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  MHD_Response* const response = MHD_create_response_from_buffer(
      body.size(), const_cast<char*>(body.data()), MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  if (!answer.allow.empty())
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer.allow.c_str());
  const MHD_Result queued = MHD_queue_response(connection, answer.status, response);
  MHD_destroy_response(response);
  return queued;
}

// "16 MiB", "4 KiB"
std::string size_text(size_t bytes) {
  return bytes >= 1u << 20 ? fmt::format("{} MiB", bytes >> 20)
                           : fmt::format("{} KiB", bytes >> 10);
}

bool announces_too_much(MHD_Connection* connection, size_t largest) {
  const char* const value =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  if (!value) return false;
  size_t length = 0;
  const std::string_view text = value;
  const std::from_chars_result r = std::from_chars(text.begin(), text.end(), length);
  return r.ec == std::errc::result_out_of_range || length > largest;
}

std::optional<ucred> peer_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* const info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  ucred who = {};
  socklen_t size = sizeof(who);
  if (!info || ::getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
    return std::nullopt;
  return who;
}

// Who asks for a change, for the log.
std::string to_string(const std::optional<ucred>& peer) {
  return peer ? fmt::format("uid {} pid {}", peer->uid, peer->pid) : "an unknown peer";
}

Query query_of(MHD_Connection* connection) {
  Query query;
  const auto add = [](void* userdata, MHD_ValueKind, const char* name, const char* value) {
    (*static_cast<Query*>(userdata))[name] = value ? value : "";
    return MHD_YES;
  };
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add, &query);
  return query;
}

MHD_Result respond(const Handlers& handlers, MHD_Connection* connection, std::string_view method,
                   std::string_view path, std::string_view body) {
  const bool change = method != "GET" && method != "HEAD";
  const std::string what = printable(method) + " " + printable(path);
  const std::optional<ucred> peer = peer_of(connection);
  if (change) spdlog::info("api: {} from {}", what, to_string(peer));
  const Query query = query_of(connection);
  Request asked = {.method = method, .path = path, .query = query, .body = body};
  if (peer) asked.peer.uid = peer->uid;
  const Answer answered = answer(handlers, asked);
  if (change && answered.status >= 400)
    spdlog::warn("api: {} answered {}: {}", what, answered.status,
                 printable(answered.body.value("error", "")));
  return send(connection, answered);
}

// Called once with the header, then for every piece of the body, then once more for the answer.
MHD_Result on_request(void* userdata, MHD_Connection* connection, const char* path,
                      const char* method, const char*, const char* body, size_t* body_size,
                      void** request_slot) noexcept {
  auto* request = static_cast<Arrival*>(*request_slot);
  if (!request) {
    Desk& desk = *static_cast<Desk*>(userdata);
    request = new Arrival{desk, largest_body(method, path)};
    *request_slot = request;
    if (announces_too_much(connection, request->largest))
      return send(connection,
                  refuse(413, "the body is larger than " + size_text(request->largest)));
    return MHD_YES;
  }
  if (*body_size > 0) {
    // In the middle of a body of unknown length no answer can be sent: hang up.
    if (!request->take({body, *body_size})) return MHD_NO;
    *body_size = 0;
    return MHD_YES;
  }
  return respond(request->desk.handlers, connection, method, path, request->body);
}

void on_completed(void*, MHD_Connection*, void** request_slot, MHD_RequestTerminationCode) {
  delete static_cast<Arrival*>(*request_slot);
  *request_slot = nullptr;
}

}  // namespace

struct Server::State {
  EventLoop& loop;
  Desk desk;
  ListeningSocket socket;
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon;
  EventLoop::Source readable, timer;

  Result<void> start();
  unsigned connections() const;
  std::optional<std::chrono::milliseconds> round();
  void turn();
};

Result<void> Server::State::start() {
  daemon.reset(MHD_start_daemon(
      MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, nullptr, nullptr, on_request, &desk,
      MHD_OPTION_EXTERNAL_LOGGER, log_mhd, nullptr, MHD_OPTION_LISTEN_SOCKET, socket.fd(),
      MHD_OPTION_NOTIFY_COMPLETED, on_completed, nullptr, MHD_OPTION_CONNECTION_LIMIT, kConnections,
      MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      kConnectionMemory, MHD_OPTION_END));
  if (!daemon) return errno_error("start the API's HTTP server");
  const MHD_DaemonInfo* const info = MHD_get_daemon_info(daemon.get(), MHD_DAEMON_INFO_EPOLL_FD);
  if (!info) return Error{"start the API's HTTP server: it has no epoll descriptor"};
  Result<EventLoop::Source> source = loop.on_readable(info->epoll_fd, [this] { turn(); });
  if (!source) return source.error();
  readable = std::move(*source);
  return {};
}

unsigned Server::State::connections() const {
  return MHD_get_daemon_info(daemon.get(), MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

// Returns how long from now the next round can wait.
std::optional<std::chrono::milliseconds> Server::State::round() {
  const unsigned before = connections();
  MHD_run(daemon.get());
  // libmicrohttpd leaves its listening socket alone while it is full, looks at it again at the
  // start of a round, and drops connections at the end of one.
  if (connections() < before) return std::chrono::milliseconds(0);
  MHD_UNSIGNED_LONG_LONG wait = 0;
  if (MHD_get_timeout(daemon.get(), &wait) != MHD_YES) return std::nullopt;
  return std::chrono::milliseconds(wait);
}

// Does what is ready, to the end where it can: the answer to an unload leaves before the loop
// stops.
void Server::State::turn() {
  std::optional<std::chrono::milliseconds> wait = round();
  for (int done = 1; done < kRoundsPerTurn && wait && wait->count() == 0; done++) wait = round();
  timer = {};
  if (!wait) return;
  Result<EventLoop::Source> next = loop.after(*wait, [this] { turn(); });
  if (!next) {
    spdlog::error("api: {}", next.error().message);
    return;
  }
  timer = std::move(*next);
}

Result<Server> Server::listen(EventLoop& loop, const std::string& socket_path, Handlers handlers) {
  Result<ListeningSocket> socket = ListeningSocket::open(socket_path);
  if (!socket) return socket.error();
  std::unique_ptr<State> state(new State{loop, {std::move(handlers)}, std::move(*socket)});
  if (Result<void> started = state->start(); !started) return started.error();
  return Server(std::move(state));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {
}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

}  // namespace sluice::api
