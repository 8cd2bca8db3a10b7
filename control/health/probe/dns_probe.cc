// SPDX-License-Identifier: Apache-2.0
// c-ares writes the question and no more: as a resolver it would choose the socket, send again, and
// go on to TCP or to another server.
#include "health/probe/dns_probe.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "health/probe/conclusion.h"
#include "health/probe/dns_message.h"
#include "health/probe/fault.h"
#include "health/probe/outcome.h"
#include "health/probe/socket.h"

namespace sluice::health {

namespace {

using std::chrono::milliseconds;

constexpr int kMostAtOnce = 100;  // packets; then others have their turn
constexpr uint8_t kNoError = 0, kNxDomain = 3;

bool is_wanted(const DnsCheck& check, uint8_t rcode) {
  return std::find(check.rcodes.begin(), check.rcodes.end(), rcode) != check.rcodes.end();
}

Outcome judge(const DnsCheck& check, const DnsAnswer& answer) {
  std::string text = rcode_text(answer.rcode);
  if (!is_wanted(check, answer.rcode)) {
    std::string wanted;
    for (const uint8_t rcode : check.rcodes)
      wanted += (wanted.empty() ? "" : ", ") + rcode_text(rcode);
    return bad(fmt::format("{}, wanted {}", text, wanted));
  }
  if (answer.truncated) return good(text + ", truncated");
  if (answer.rcode != kNoError) return good(text);
  if (answer.records == 0 && !is_wanted(check, kNxDomain)) return bad(text + ", but no records");
  return good(fmt::format("{}, {} record{}", text, answer.records, answer.records == 1 ? "" : "s"));
}

class DnsProbe : public Probe {
 public:
  DnsProbe(Probers& probers, DnsCheck check, const Way& way, milliseconds timeout, Done done)
      : probers_(probers),
        check_(std::move(check)),
        conclusion_(*probers.deadlines, timeout, std::move(done)) {
    conclusion_.begin([this] { return last_look(); });
    if (std::optional<Outcome> outcome = start(way)) conclusion_.reach_soon(std::move(*outcome));
  }

 private:
  std::optional<Outcome> start(const Way& way);
  std::optional<Outcome> hear();
  Outcome last_look();

  Probers& probers_;
  const DnsCheck check_;
  Conclusion conclusion_;
  std::string question_;
  uint64_t others_ = 0;  // packets that are no answer to the question
  UniqueFd fd_;
  EventLoop::Source source_;
};

std::optional<Outcome> DnsProbe::start(const Way& way) {
  uint16_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id) return failed(errno_error("get a random number"));
  Result<std::string> question = encode_dns_question(check_, id);
  if (!question) return failed(question.error());
  question_ = std::move(*question);
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
  if (send(fd_.get(), question_.data(), question_.size(), 0) < 0)
    return failed(Moment::kAsking, "send", errno);
  return {};
}

std::optional<Outcome> DnsProbe::hear() {
  std::array<char, 4096> packet;  // an answer without EDNS has 512 bytes at most
  for (int i = 0; i < kMostAtOnce; i++) {
    const ssize_t n = recv(fd_.get(), packet.data(), packet.size(), 0);
    if (n < 0 && errno == EAGAIN) return {};
    if (n < 0) return failed(Moment::kWaiting, "read", errno);
    const std::optional<DnsAnswer> answer =
        decode_dns_answer(question_, {packet.data(), size_t(n)});
    if (answer) return judge(check_, *answer);
    others_++;
  }
  return {};
}

Outcome DnsProbe::last_look() {
  if (std::optional<Outcome> outcome = hear()) return std::move(*outcome);
  return conclusion_.too_late(
      "no answer", others_ == 0 ? "" : fmt::format(" ({} packets came that are none)", others_));
}

}  // namespace

std::unique_ptr<Probe> start_dns_probe(Probers& probers, const DnsCheck& check, const Way& way,
                                       milliseconds timeout, Done done) {
  return std::make_unique<DnsProbe>(probers, check, way, timeout, std::move(done));
}

}  // namespace sluice::health
