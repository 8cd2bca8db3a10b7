// SPDX-License-Identifier: Apache-2.0
#include "health/probe/icmp_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "health/probe/conclusion.h"
#include "health/probe/echo.h"
#include "health/probe/fault.h"
#include "health/probe/icmp_socket.h"
#include "health/probe/outcome.h"
#include "health/probe/socket.h"

namespace sluice::health {

namespace {

using std::chrono::milliseconds;

constexpr size_t kUsualPayload = 56;  // as ping(8) has it
constexpr size_t kMostPayload = 65535 - 60 - kEchoHeader;

// A packet as large as the way takes finds an MTU on it that is too small.
size_t payload_for(const Way& way) {
  if (way.max_packet == 0) return kUsualPayload;
  const size_t headers = (way.address.is_v4() ? 20 : 40) + kEchoHeader;
  return std::clamp(size_t(way.max_packet), headers + kLeastPayload, headers + kMostPayload) -
         headers;
}

// No two probes of this process have the same, nor those of two processes, nearly.
Echo new_echo(const Way& way) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const uint64_t token = random();
  return {.id = uint16_t(token >> 48),
          .sequence = uint16_t(token >> 32),
          .token = token,
          .payload = payload_for(way)};
}

class IcmpProbe : public Probe {
 public:
  IcmpProbe(Probers& probers, const Way& way, milliseconds timeout, Done done)
      : probers_(probers),
        way_(way),
        echo_(new_echo(way)),
        conclusion_(*probers.deadlines, timeout, std::move(done)) {
    conclusion_.begin([this] { return last_look(); });
    if (std::optional<Outcome> outcome = start()) conclusion_.reach_soon(std::move(*outcome));
  }

 private:
  int family() const { return way_.address.family(); }
  std::optional<Outcome> start();
  std::optional<Outcome> start_ping(UniqueFd fd);
  std::optional<Outcome> start_raw();
  std::optional<Outcome> hear_ping();
  Outcome judge(std::string_view message, bool raw) const;
  Outcome last_look();

  Probers& probers_;
  const Way way_;
  const Echo echo_;
  Conclusion conclusion_;
  UniqueFd fd_;  // a ping socket; else the raw socket is used
  EventLoop::Source source_;
  RawEcho::Waiting waiting_;
  std::optional<Outcome> heard_;  // by the raw socket
};

std::optional<Outcome> IcmpProbe::start() {
  Result<UniqueFd> ping = open_socket(way_, SOCK_DGRAM, icmp_protocol(family()));
  if (ping) return start_ping(std::move(*ping));
  // Not for our group, or not in this kernel.
  if (ping.error().code == EACCES || ping.error().code == EPROTONOSUPPORT) return start_raw();
  return failed(ping.error());
}

std::optional<Outcome> IcmpProbe::start_ping(UniqueFd fd) {
  fd_ = std::move(fd);
  if (Result<void> r = send_whole_packets(fd_.get(), family()); !r) return failed(r.error());
  const SocketAddress to = socket_address(way_.address, 0);
  if (connect(fd_.get(), to.get(), to.size) < 0) return failed(Moment::kAsking, "connect", errno);
  Result<EventLoop::Source> source = probers_.loop.on_readable(fd_.get(), [this] {
    if (std::optional<Outcome> outcome = hear_ping()) conclusion_.reach(std::move(*outcome));
  });
  if (!source) return failed(source.error());
  source_ = std::move(*source);
  const std::string request = echo_request(family(), echo_);
  if (send(fd_.get(), request.data(), request.size(), 0) < 0)
    return failed(Moment::kAsking, "send an echo request", errno);
  return {};
}

std::optional<Outcome> IcmpProbe::start_raw() {
  waiting_ = probers_.raw_echo.wait(echo_.token, [this](std::string_view message) {
    // Not at once: others of the same turn are being called.
    heard_ = judge(message, true);
    conclusion_.reach_soon(*heard_);
  });
  if (Result<void> r = probers_.raw_echo.send(way_, echo_request(family(), echo_)); !r)
    return unknown(r.error().message);
  return {};
}

std::optional<Outcome> IcmpProbe::hear_ping() {
  char buffer[64 << 10];
  for (;;) {
    const ssize_t n = recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return {};
    if (n < 0) return failed(Moment::kWaiting, "read", errno);
    const std::string_view message(buffer, size_t(n));
    // Another's token: a late reply to a socket that had our id before.
    if (reply_token(family(), message) == echo_.token) return judge(message, false);
  }
}

Outcome IcmpProbe::judge(std::string_view message, bool raw) const {
  const std::string wrong = wrong_with_reply(family(), message, echo_, raw);
  if (!wrong.empty()) return bad(wrong);
  return good(fmt::format("answered, with {} bytes", echo_.payload));
}

Outcome IcmpProbe::last_look() {
  if (fd_.valid()) {
    if (std::optional<Outcome> outcome = hear_ping()) return std::move(*outcome);
  } else {
    probers_.raw_echo.read();
    if (heard_) return *heard_;
  }
  return conclusion_.too_late(
      way_.max_packet == 0
          ? std::string("no answer")
          : fmt::format("no answer to an echo request in a packet of {} bytes", way_.max_packet));
}

}  // namespace

std::unique_ptr<Probe> start_icmp_probe(Probers& probers, const Way& way, milliseconds timeout,
                                        Done done) {
  return std::make_unique<IcmpProbe>(probers, way, timeout, std::move(done));
}

}  // namespace sluice::health
