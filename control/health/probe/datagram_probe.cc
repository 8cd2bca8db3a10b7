// SPDX-License-Identifier: Apache-2.0
#include "health/probe/datagram_probe.h"

#include <fmt/format.h>

#include <utility>

#include "base/unique_fd.h"
#include "health/probe/conclusion.h"
#include "health/probe/fault.h"
#include "health/probe/outcome.h"
#include "health/probe/socket.h"

namespace sluice::health {

namespace {

using std::chrono::milliseconds;

constexpr int kMostAtOnce = 100;  // datagrams; then others have their turn

class DatagramProbe : public Probe {
 public:
  DatagramProbe(Probers& probers, const Result<std::string>& question, DatagramJudge judge,
                const Way& way, milliseconds timeout, Done done)
      : probers_(probers),
        judge_(std::move(judge)),
        conclusion_(*probers.deadlines, timeout, std::move(done)) {
    conclusion_.begin([this] { return last_look(); });
    if (std::optional<Outcome> outcome = question ? ask(*question, way) : failed(question.error()))
      conclusion_.reach_soon(std::move(*outcome));
  }

 private:
  std::optional<Outcome> ask(const std::string& question, const Way& way);
  std::optional<Outcome> hear();
  Outcome last_look();

  Probers& probers_;
  const DatagramJudge judge_;
  Conclusion conclusion_;
  uint64_t others_ = 0;  // datagrams that are no answer to the question
  UniqueFd fd_;
  EventLoop::Source source_;
};

std::optional<Outcome> DatagramProbe::ask(const std::string& question, const Way& way) {
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
  if (send(fd_.get(), question.data(), question.size(), 0) < 0)
    return failed(Moment::kAsking, "send", errno);
  return {};
}

std::optional<Outcome> DatagramProbe::hear() {
  char buffer[64 << 10];
  for (int i = 0; i < kMostAtOnce; i++) {
    const ssize_t n = recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return {};
    if (n < 0) return failed(Moment::kWaiting, "read", errno);
    if (std::optional<Outcome> outcome = judge_({buffer, size_t(n)})) return outcome;
    others_++;
  }
  return {};
}

Outcome DatagramProbe::last_look() {
  if (std::optional<Outcome> outcome = hear()) return std::move(*outcome);
  return conclusion_.too_late(
      "no answer", others_ == 0 ? "" : fmt::format(" ({} packets came that are none)", others_));
}

}  // namespace

std::unique_ptr<Probe> start_datagram_probe(Probers& probers, const Result<std::string>& question,
                                            DatagramJudge judge, const Way& way,
                                            milliseconds timeout, Done done) {
  return std::make_unique<DatagramProbe>(probers, question, std::move(judge), way, timeout,
                                         std::move(done));
}

}  // namespace sluice::health
