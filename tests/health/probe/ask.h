// SPDX-License-Identifier: Apache-2.0
// Asks one probe, and waits for its outcome.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/event_loop.h"
#include "health/probe/dns_probe.h"
#include "health/probe/grpc_probe.h"
#include "health/probe/http_probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

using namespace std::chrono_literals;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  constexpr const char* kAnswers[] = {"good", "bad", "unknown"};
  *out << kAnswers[int(outcome.answer)] << ": " << outcome.text;
  if (outcome.weight) *out << " (weight " << *outcome.weight << ")";
}

// Of good, bad, unknown.
MATCHER_P2(Is, answer, text, "") {
  return arg.answer == answer && arg.text == text && !arg.weight;
}
MATCHER_P2(Says, answer, part, "") {
  return arg.answer == answer && arg.text.find(part) != std::string::npos;
}

// An event loop to be run once.
struct Turn {
  EventLoop loop = must(EventLoop::create());
  std::unique_ptr<Probers> probers = must(Probers::create(loop));

  // Of libcurl: a file of certificates that are believed, instead of the system's.
  explicit Turn(const std::string& authorities = "") {
    if (!authorities.empty()) probers->curl = must(CurlLoop::create(loop, authorities));
  }

  using Start = std::function<std::unique_ptr<Probe>(Done)>;
  Outcome ask(const Start& start) {
    Outcome outcome{Answer::kUnknown, "it never ended"};
    bool started = false, ended = false;
    const std::unique_ptr<Probe> probe = start([&](Outcome o) {
      EXPECT_TRUE(started) << "called from within start";
      EXPECT_FALSE(std::exchange(ended, true)) << "called twice";
      outcome = std::move(o);
      loop.stop();
    });
    started = true;
    const EventLoop::Source guard = must(loop.after(30s, [this] { loop.stop(); }));
    EXPECT_TRUE(loop.run().has_value());
    return outcome;
  }
};

inline Way loopback(uint16_t port) {
  return {.address = *IpAddress::parse("127.0.0.1"), .port = port};
}

// Long enough for a busy machine, where a test does not wait for the end of it.
constexpr std::chrono::milliseconds kPatience = 10s;

inline Outcome ask_http(const HttpCheck& check, const Way& way,
                        std::chrono::milliseconds timeout = kPatience,
                        const std::string& authorities = "") {
  Turn turn(authorities);
  return turn.ask([&](Done done) {
    return start_http_probe(*turn.probers, check, way, timeout, std::move(done));
  });
}

inline Outcome ask_grpc(const GrpcCheck& check, const Way& way,
                        std::chrono::milliseconds timeout = kPatience) {
  Turn turn;
  return turn.ask([&](Done done) {
    return start_grpc_probe(*turn.probers, check, way, timeout, std::move(done));
  });
}

inline Outcome ask_dns(const DnsCheck& check, const Way& way,
                       std::chrono::milliseconds timeout = kPatience) {
  Turn turn;
  return turn.ask([&](Done done) {
    return start_dns_probe(*turn.probers, check, way, timeout, std::move(done));
  });
}

}  // namespace sluice::health
