// SPDX-License-Identifier: Apache-2.0
#include "health/probe/tcp_probe.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
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

constexpr size_t kMostRead = 64 << 10;

class TcpProbe : public Probe {
 public:
  TcpProbe(Probers& probers, TcpCheck check, const Way& way, milliseconds timeout, Done done)
      : probers_(probers),
        check_(std::move(check)),
        way_(way),
        conclusion_(*probers.deadlines, timeout, std::move(done)) {
    conclusion_.begin([this] { return last_look(); });
    if (std::optional<Outcome> outcome = start()) conclusion_.reach_soon(std::move(*outcome));
  }

 private:
  enum class Stage { kConnecting, kSending, kReading };

  // These go on as far as they get without waiting.
  std::optional<Outcome> start();
  std::optional<Outcome> step();
  std::optional<Outcome> connected();
  std::optional<Outcome> send_some();
  std::optional<Outcome> read_some();
  std::optional<Outcome> wait_for(uint32_t events);
  Outcome ended() const;
  Outcome last_look();
  void on_ready() {
    if (std::optional<Outcome> outcome = step()) conclusion_.reach(std::move(*outcome));
  }

  Probers& probers_;
  const TcpCheck check_;
  const Way way_;
  Conclusion conclusion_;
  UniqueFd fd_;
  EventLoop::Source source_;
  Stage stage_ = Stage::kConnecting;
  size_t sent_ = 0;
  std::string received_;
};

std::optional<Outcome> TcpProbe::start() {
  Result<UniqueFd> fd = open_stream(way_);
  if (!fd) return failed(fd.error());
  fd_ = std::move(*fd);
  // What the backend's application sees of a probe that only connects: nothing. The kernel is slow
  // with the ACK that ends the handshake, and the RST by which the socket is closed comes before
  // it.
  if (check_.send.empty() && check_.expect.empty())
    if (Result<void> r = set_option(fd_.get(), IPPROTO_TCP, TCP_QUICKACK, 0, "TCP_QUICKACK"); !r)
      return failed(r.error());
  const SocketAddress to = socket_address(way_.address, way_.port);
  if (connect(fd_.get(), to.get(), to.size) < 0 && errno != EINPROGRESS)
    return failed(Moment::kAsking, "connect", errno);
  return wait_for(EPOLLOUT);
}

std::optional<Outcome> TcpProbe::wait_for(uint32_t events) {
  source_ = {};  // epoll knows a descriptor once
  Result<EventLoop::Source> source =
      probers_.loop.on_ready(fd_.get(), events, [this] { on_ready(); });
  if (!source) return failed(source.error());
  source_ = std::move(*source);
  return {};
}

std::optional<Outcome> TcpProbe::step() {
  switch (stage_) {
    case Stage::kConnecting:
      if (const int error = pending_error(fd_.get()))
        return failed(Moment::kWaiting, "connect", error);
      return connected();
    case Stage::kSending:
      return send_some();
    case Stage::kReading:
      return read_some();
  }
  return {};
}

std::optional<Outcome> TcpProbe::connected() {
  stage_ = Stage::kSending;
  if (!check_.send.empty()) return send_some();
  if (check_.expect.empty()) return good("connected");
  stage_ = Stage::kReading;
  return wait_for(EPOLLIN);
}

std::optional<Outcome> TcpProbe::send_some() {
  const std::string_view rest = std::string_view(check_.send).substr(sent_);
  const ssize_t n = send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) return failed(Moment::kWaiting, "send", errno);
  if (n > 0) sent_ += size_t(n);
  if (sent_ < check_.send.size()) return {};
  if (check_.expect.empty()) return good("connected, and everything was sent");
  stage_ = Stage::kReading;
  return wait_for(EPOLLIN);
}

std::optional<Outcome> TcpProbe::read_some() {
  char buffer[4096];
  while (received_.size() < kMostRead) {
    const ssize_t n = recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return {};
    if (n < 0) return failed(Moment::kWaiting, "read", errno);
    if (n == 0) return ended();
    // What is expected may have begun in what came before.
    const size_t overlap = std::min(received_.size(), check_.expect.size() - 1);
    const size_t from = received_.size() - overlap;
    received_.append(buffer, size_t(n));
    if (received_.find(check_.expect, from) != std::string::npos)
      return good(fmt::format("{} came", in_quotes(check_.expect)));
  }
  return bad(fmt::format("{} did not come in the first {} bytes, which begin with {}",
                         in_quotes(check_.expect), kMostRead, in_quotes(received_)));
}

Outcome TcpProbe::ended() const {
  if (received_.empty()) return bad(fmt::format("closed before {} came", in_quotes(check_.expect)));
  return bad(
      fmt::format("closed before {} came; {} did", in_quotes(check_.expect), in_quotes(received_)));
}

Outcome TcpProbe::last_look() {
  if (is_ready(fd_.get(), stage_ == Stage::kReading ? POLLIN : POLLOUT))
    if (std::optional<Outcome> outcome = step()) return std::move(*outcome);
  if (stage_ == Stage::kConnecting) return conclusion_.too_late("no answer");
  if (stage_ == Stage::kSending)
    return conclusion_.too_late("connected, but not everything could be sent");
  if (received_.empty()) return conclusion_.too_late("connected, but no answer");
  return conclusion_.too_late(fmt::format("connected, but {} did not come, only {},",
                                          in_quotes(check_.expect), in_quotes(received_)));
}

}  // namespace

std::unique_ptr<Probe> start_tcp_probe(Probers& probers, const TcpCheck& check, const Way& way,
                                       milliseconds timeout, Done done) {
  return std::make_unique<TcpProbe>(probers, check, way, timeout, std::move(done));
}

}  // namespace sluice::health
