// SPDX-License-Identifier: Apache-2.0
// A server of the API in a thread of its own, saying fixed things, and a folder for its socket.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "api/fake_backends.h"
#include "api/server.h"
#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "support/temporary_folder.h"

namespace sluice::api {

using test::TemporaryFolder;

inline Service shop() {
  return {.name = "shop",
          .vips = {"192.0.2.10", "2001:db8::10"},
          .ports = {"80/tcp", "443/udp"},
          .hash = "5-tuple",
          .empty = "drop",
          .tracking = "adaptive",
          .pool = "web",
          .backends = {{.name = "be1",
                        .address = "198.51.100.1",
                        .weight = 100,
                        .share_expected = 0.75,
                        .packets = 3'000'000'000'000,
                        .bytes = UINT64_MAX,
                        .state = "up"},
                       {.name = "be2",
                        .address = "2001:db8::2",
                        .weight = 50,
                        .share_expected = 0.25,
                        .packets = 1'000'000'000'000,
                        .bytes = 1,
                        .state = "no-neighbour",
                        .detail = "2001:db8::1 does not answer \x1b[31mon eth0"},
                       {.name = "be3", .address = "198.51.100.3", .state = "leaving"}},
          .packets = 4'000'000'000'000,
          .bytes = UINT64_MAX,
          .rings = {{.ring = "tcp",
                     .slots = {.clean = 65'000, .window = 500, .tail = 37},
                     .window_ends_in = 899.2},
                    {.ring = "udp", .slots = {.clean = 65'537}}}};
}

// The same from a daemon that checks two of its backends.
inline Service checked() {
  Service out = shop();
  out.backends[0].health = "up";
  out.backends[0].health_since = kNoon;
  out.backends[1].health = "down";
  out.backends[1].health_since = kNoon;
  out.backends[1].health_output = "connection \x1b[31mrefused";
  return out;
}

// A document that does not fit into a socket's buffer.
inline Service large() {
  return {.name = "large", .backends = std::vector<Backend>(10'000, shop().backends[1])};
}

inline Status fixed_status() {
  return {.version = "1.2.3",
          .instance = "default",
          .generation = 7,
          .config_file = "/etc/sluice/sluice.yaml",
          .config_loaded_at = "2024-02-29T12:00:00Z",
          .last_error = "sluice.yaml:1:1: error: one\nsluice.yaml:2:1: error: two",
          .interfaces =
              {{.name = "eth0", .ifindex = 2, .mode = "native", .by = "link", .attached = true},
               {.name = "eth1", .detail = "there is no such interface"}},
          .counters = {.passed = {{.reason = "NOT_OURS", .text = "not a VIP", .packets = 12}},
                       .dropped = {{.reason = "TRUNCATED", .text = "cut short", .packets = 5},
                                   {.reason = "FRAGMENT", .text = "a fragment", .packets = 0}},
                       .replied = {{.reason = "ECHO", .text = "a ping", .packets = 3},
                                   {.reason = "TOO_BIG", .text = "too large", .packets = 0}},
                       .forwarded = {.packets = 1'234'567, .bytes = UINT64_MAX}},
          .services = 1,
          .members = 2,
          .unusable = {{.backend = "web/be2", .reason = "no neighbour"}},
          .flows = {.tables = {{.table = "new", .capacity = 32'768, .entries = 812, .removed = 9},
                               {.table = "adopted",
                                .capacity = 32'768,
                                .entries = 1'200,
                                .removed = 3,
                                .evicted = 250'000}},
                    .half_open = 17,
                    .half_open_most = 16'384,
                    .events = {{.event = "RECORDED", .text = "remembered", .count = 821},
                               {.event = "LOST", .text = "its backend is gone", .count = 0}},
                    .slots = {.clean = 130'537, .window = 500, .tail = 37}}};
}

// Of one who has overrides, a pool in panic and a checker that sees nothing.
inline Status status_in_trouble() {
  Status out = fixed_status();
  out.overrides = {
      {.of = "web/be1",
       .what = "drain",
       .since = kNoon,
       .until = "2024-02-29T12:10:00Z",
       .ends_in = 570,
       .by = "alice (uid 0)",
       .reason = "new \x1b[31mdisks"},
      {.of = "web/gone", .what = "disable", .since = kNoon, .by = "uid 0", .unknown = true},
      {.of = "198.51.100.1", .what = "ready", .since = kNoon, .by = "uid 0"}};
  out.overrides_trouble = "they hold until sluiced ends: No space left on device";
  out.pools_in_trouble = {{"web", "panic", "1 of 4 backends is healthy, all are used"},
                          {"dns", "below-minimum", ""}};
  out.checker_trouble = "isolated: every backend failed at once";
  return out;
}

// As many as the server below has; every second one is of "web/be3", which is leaving.
inline constexpr uint32_t kFlows = 25;
inline Flow fixed_flow(uint32_t number) {
  const bool v6 = number % 2 == 1;
  return {.protocol = v6 ? "udp" : "tcp",
          .client = v6 ? "2001:db8:c::7" : "198.51.100.7",
          .client_port = uint16_t(1000 + number),
          .vip = v6 ? "2001:db8::10" : "192.0.2.10",
          .vip_port = 443,
          .service = "shop",
          .backend = v6 ? "web/be3" : "web/be1",
          .address = v6 ? "198.51.100.3" : "198.51.100.1",
          .leaving = v6,
          .table = v6 ? "adopted" : "new",
          .state = v6 ? "established" : "half-open",
          .idle = 12.5 * number};
}

// A server that looks at ten flows before it answers.
inline Result<std::optional<FlowList>> fixed_flows(const FlowQuery& query) {
  if (query.service == "broken") return Error{"read a flow table: Bad address"};
  if (!query.service.empty() && query.service != "shop") return std::nullopt;
  FlowList out;
  uint32_t i = query.after.position.value_or(0);
  const uint32_t end = std::min(i + 10, kFlows);
  for (; i < end; i++) {
    if (!query.backend.empty() && fixed_flow(i).backend != query.backend) continue;
    out.truncated = query.limit != 0 && out.flows.size() >= query.limit;
    if (out.truncated) return out;
    out.flows.push_back(fixed_flow(i));
  }
  out.truncated = end < kFlows;
  if (out.truncated) out.next = to_string(FlowPlace{1, end});
  return out;
}

inline ConfigDiff fixed_diff() {
  return {.generation = 7,
          .changes = true,
          .text_changes = true,
          .services = {{.name = "shop",
                        .change = "changed",
                        .moved = 1.0 / 3,
                        .members = {{"web/be4", "198.51.100.4", "added", 0, 100, ""},
                                    {"web/be2", "2001:db8::2", "weight", 50, 10, ""},
                                    {"web/be3", "198.51.100.3", "removed", 100, 0, ""}},
                        .settings = {{"ports", "80/tcp", "80/tcp, 443/tcp"}}},
                       {.name = "old", .change = "removed"}},
          .interfaces = {{.name = "eth1", .change = "attach"}},
          .settings = {{"mtu", "", "1400"}},
          .members_written = 2,
          .new_data_plane = {"a program for another hook"},
          .unresolved = {{"web/be4", "no neighbour\x1b[31m"}},
          .warnings = {"mind the gap"}};
}

// An answer to a text that says what to say: "nothing", "refused" or the fixed diff; with every
// line that has "error" in it as an error.
inline Result<Checked<ConfigDiff>> fixed_answer(std::string_view text) {
  if (text.starts_with("refused")) return Error{"5000 members do not fit"};
  Checked<ConfigDiff> out;
  uint32_t line = 1;
  for (size_t at = 0; at < text.size(); line++) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (text.substr(at, end - at).find("error") != text.npos)
      out.errors.push_back({line, 3, "no \x1b" + std::to_string(text.size())});
    at = end + 1;
  }
  if (text.starts_with("nothing"))
    out.document = {.generation = 7};
  else
    out.document = fixed_diff();
  return out;
}

inline ConfigEntry fixed_entry(size_t number) {
  return {.number = number,
          .at = "2024-02-29T12:00:00Z",
          .by = number == 0 ? "apply" : "start",
          .generation = 7 - number,
          .sha256 = std::string(64, number == 0 ? 'a' : 'b'),
          .services = 1,
          .backends = 2 + number};
}

// Listens from construction to destruction.
class RunningServer {
 public:
  explicit RunningServer(const std::string& socket_path)
      : loop_(must(EventLoop::create())), stop_(::eventfd(0, EFD_CLOEXEC)) {
    stopper_ = must(loop_.on_readable(stop_.get(), [this] { loop_.stop(); }));
    server_ = must(Server::listen(loop_, socket_path, handlers()));
    thread_ = std::thread([this] { (void)loop_.run(); });
  }
  ~RunningServer() { stop(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void stop() {
    ::eventfd_write(stop_.get(), 1);
    join();
  }
  void join() {
    if (thread_.joinable()) thread_.join();
    server_.reset();
  }

  std::atomic<int> reloads = 0;
  std::atomic<int> confirms = 0;
  std::atomic<bool> waits = false;
  std::atomic<bool> reload_fails = false;
  std::atomic<bool> in_trouble = false;
  FakeBackends backends;

 private:
  template <class T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }

  Handlers handlers() {
    return {.status =
                [this] {
                  Status status = in_trouble ? status_in_trouble() : fixed_status();
                  if (!waits) return status;
                  status.unconfirmed = true;
                  status.confirm_in = 42;
                  status.config_trouble = "No space left on device";
                  return status;
                },
            .services = [] { return std::vector<Service>{shop()}; },
            .service = [](std::string_view name) -> std::optional<Service> {
              if (name == "shop") return shop();
              if (name == "large") return large();
              if (name == "checked") return checked();
              return std::nullopt;
            },
            .flows = fixed_flows,
            .reload = [this]() -> Result<void> {
              reloads++;
              if (reload_fails) return Error{"sluice.yaml:1:1: error: no"};
              return {};
            },
            .unload = [this]() -> Result<void> {
              loop_.stop();
              return {};
            },
            .config = config_handlers(),
            .backends = backends.handlers()};
  }

  // What is asked for is what generation and time to confirm are.
  ConfigHandlers config_handlers() {
    return {
        .diff = fixed_answer,
        .apply = [](std::string_view text,
                    std::chrono::seconds confirm) -> Result<Checked<ConfigApplied>> {
          const Result<Checked<ConfigDiff>> diff = fixed_answer(text);
          if (!diff) return diff.error();
          return Checked<ConfigApplied>{diff->errors, {diff->document, 8, double(confirm.count())}};
        },
        .confirm = [this]() -> Result<void> {
          if (confirms++ > 0) return Error{"nothing waits to be confirmed"};
          return {};
        },
        .rollback = [](size_t number, std::chrono::seconds confirm) -> Result<ConfigApplied> {
          if (number > 1) return Error{"there is no such configuration"};
          return ConfigApplied{{}, 100 + number, double(confirm.count())};
        },
        .history =
            [] {
              return std::vector<ConfigEntry>{fixed_entry(0), fixed_entry(1)};
            },
        .show = [](size_t number) -> Result<std::optional<ConfigText>> {
          if (number > 1) return std::optional<ConfigText>();
          return std::optional(ConfigText{fixed_entry(number), "version: 1\n"});
        }};
  }

  EventLoop loop_;
  UniqueFd stop_;
  EventLoop::Source stopper_;
  std::optional<Server> server_;
  std::thread thread_;
};

}  // namespace sluice::api
