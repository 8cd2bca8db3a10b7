// SPDX-License-Identifier: Apache-2.0
#include "health/probe/udp_probe.h"

#include <fmt/format.h>
#include <poll.h>

#include <optional>
#include <string_view>

#include "base/unique_fd.h"
#include "health/probe/conclusion.h"
#include "health/probe/fault.h"
#include "health/probe/outcome.h"
#include "health/probe/socket.h"

namespace sluice::health {

namespace {

using std::chrono::milliseconds;

class UdpProbe : public Probe {
 public:
  UdpProbe(Probers& probers, UdpCheck check, const Way& way, milliseconds timeout, Done done)
      : probers_(probers),
        check_(std::move(check)),
        conclusion_(*probers.deadlines, timeout, std::move(done)) {
    conclusion_.begin([this] { return last_look(); });
    if (std::optional<Outcome> outcome = start(way)) conclusion_.reach_soon(std::move(*outcome));
  }

 private:
  std::optional<Outcome> start(const Way& way);
  std::optional<Outcome> hear();
  Outcome last_look() {
    if (is_ready(fd_.get(), POLLIN))
      if (std::optional<Outcome> outcome = hear()) return std::move(*outcome);
    return conclusion_.too_late("no answer");
  }

  Probers& probers_;
  const UdpCheck check_;
  Conclusion conclusion_;
  UniqueFd fd_;
  EventLoop::Source source_;
};

std::optional<Outcome> UdpProbe::start(const Way& way) {
  Result<UniqueFd> fd = open_socket(way, SOCK_DGRAM, 0);
  if (!fd) return failed(fd.error());
  fd_ = std::move(*fd);
  // Connected, it hears the backend alone, and that the port is closed.
  const SocketAddress to = socket_address(way.address, way.port);
  if (connect(fd_.get(), to.get(), to.size) < 0) return failed(Moment::kAsking, "connect", errno);
  Result<EventLoop::Source> source = probers_.loop.on_readable(fd_.get(), [this] {
    if (std::optional<Outcome> outcome = hear()) conclusion_.reach(std::move(*outcome));
  });
  if (!source) return failed(source.error());
  source_ = std::move(*source);
  if (send(fd_.get(), check_.send.data(), check_.send.size(), 0) < 0)
    return failed(Moment::kAsking, "send", errno);
  return {};
}

std::optional<Outcome> UdpProbe::hear() {
  char buffer[64 << 10];
  const ssize_t n = recv(fd_.get(), buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN) return {};
  if (n < 0) return failed(Moment::kWaiting, "read", errno);
  const std::string_view answer(buffer, size_t(n));
  if (!answer.starts_with(check_.expect))
    return bad(fmt::format("the answer begins with {}, and not with {}", in_quotes(answer),
                           in_quotes(check_.expect)));
  return good(answer.empty() ? "answered" : fmt::format("answered {}", in_quotes(answer)));
}

}  // namespace

std::unique_ptr<Probe> start_udp_probe(Probers& probers, const UdpCheck& check, const Way& way,
                                       milliseconds timeout, Done done) {
  return std::make_unique<UdpProbe>(probers, check, way, timeout, std::move(done));
}

}  // namespace sluice::health
