// SPDX-License-Identifier: Apache-2.0
// What an HTTP probe costs this host.
#include "health/probe/cost.h"

#include "health/probe/ask.h"
#include "health/servers/web_server.h"

namespace sluice::health {
namespace {

TEST(HttpCost, IsBounded) {
  WebServer server;
  // As many authorities as a system has: they must not be read for each probe.
  const std::string many = server.authority + ".many";
  run_program("for i in $(seq 150); do cat " + server.authority + "; done >" + many);
  const auto http = [&](const HttpCheck& check, uint16_t port) -> StartOne {
    return [=](Turn& turn, Done done) {
      return start_http_probe(*turn.probers, check, loopback(port), kPatience, std::move(done));
    };
  };
  const struct {
    const char* name;
    size_t count;
    double most;  // microseconds
    StartOne start;
  } rows[] = {
      {"http", 1000, 2'000, http({.path = "/ok", .host = "shop.example"}, server.plain)},
      {"http, HTTP/2", 1000, 4'000, http({.http2 = true, .path = "/ok"}, server.http2)},
      {"https", 200, 4'000, http({.tls = true, .path = "/ok"}, server.secure)},
      {"https, verified", 200, 4'000,
       http({.tls = true, .verify = true, .path = "/ok", .host = "shop.example"}, server.secure)},
  };
  for (const auto& row : rows) {
    Turn turn(many);
    EXPECT_LT(cost(row.name, turn, row.count, row.start), row.most);
  }
}

}  // namespace
}  // namespace sluice::health
