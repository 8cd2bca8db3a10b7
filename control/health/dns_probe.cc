// SPDX-License-Identifier: Apache-2.0
// c-ares writes the question and no more: as a resolver it would choose the socket, send again, and
// go on to TCP or to another server.
#include "health/dns_probe.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "health/dns_message.h"
#include "health/outcome_text.h"
#include "health/way_socket.h"

namespace sluice::health {
namespace {

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
    return {Answer::kBad, one_line(fmt::format("{}, wanted {}", text, wanted))};
  }
  if (answer.truncated) return {Answer::kGood, text + ", truncated"};
  if (answer.rcode != kNoError) return {Answer::kGood, text};
  if (answer.records == 0 && !is_wanted(check, kNxDomain))
    return {Answer::kBad, text + ", but no records"};
  return {Answer::kGood,
          fmt::format("{}, {} record{}", text, answer.records, answer.records == 1 ? "" : "s")};
}

class DnsProbe final : public Probe {
 public:
  DnsProbe(EventLoop& loop, const DnsCheck& check, std::chrono::milliseconds timeout, Done done)
      : loop_(loop), check_(check), timeout_(timeout), done_(std::move(done)) {}

  void begin(const Way& way) {
    const Result<void> asked = ask(way);
    Result<EventLoop::Source> timer =
        asked ? loop_.after(timeout_, [this] { time_is_over(); })
              : loop_.after(std::chrono::milliseconds(0), [this, asked] {
                  end({Answer::kUnknown, one_line(asked.error().message)});
                });
    if (timer) timer_ = std::move(*timer);
  }

 private:
  Result<void> ask(const Way& way) {
    uint16_t id = 0;
    if (::getrandom(&id, sizeof(id), 0) != sizeof(id)) return errno_error("get a random number");
    Result<std::string> question = encode_dns_question(check_, id);
    if (!question) return question.error();
    question_ = std::move(*question);
    Result<UniqueFd> socket = open_way_socket(way, SOCK_DGRAM);
    if (!socket) return socket.error();
    socket_ = std::move(*socket);
    // Connected, so that the kernel gives us what comes from there alone, and errors.
    const SocketAddress to(way.address, way.port);
    if (::connect(socket_.get(), to.get(), to.size) < 0) return errno_error("cannot send");
    if (::send(socket_.get(), question_.data(), question_.size(), 0) < 0)
      return errno_error("cannot send");
    Result<EventLoop::Source> source = loop_.on_readable(socket_.get(), [this] { read(); });
    if (!source) return source.error();
    source_ = std::move(*source);
    return {};
  }

  // True if that was the end, and of us, too, maybe.
  bool read() {
    std::array<char, 4096> packet;  // an answer without EDNS has 512 bytes at most
    const ssize_t size = ::recv(socket_.get(), packet.data(), packet.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (size < 0) {
      const Answer answer = is_our_fault(errno, true) ? Answer::kUnknown : Answer::kBad;
      return end({answer, errno_text(errno)});
    }
    const std::optional<DnsAnswer> answer =
        decode_dns_answer(question_, {packet.data(), size_t(size)});
    if (answer) {
      Outcome outcome = judge(check_, *answer);
      outcome.replied = true;
      return end(std::move(outcome));
    }
    others_++;
    return false;
  }

  void time_is_over() {
    if (read()) return;  // it may have come while we did other things
    const std::string others =
        others_ == 0 ? "" : fmt::format(" ({} packets came that are none)", others_);
    end(no_answer(fmt::format("no answer within {}{}", duration_text(timeout_), others), timeout_,
                  std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - start_)));
  }

  bool end(Outcome outcome) {
    source_ = {};
    timer_ = {};
    const Done done = std::move(done_);
    done(std::move(outcome));
    return true;
  }

  EventLoop& loop_;
  const DnsCheck check_;
  const std::chrono::milliseconds timeout_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Done done_;
  std::string question_;
  uint64_t others_ = 0;  // packets that are no answer to the question
  UniqueFd socket_;
  EventLoop::Source source_, timer_;
};

}  // namespace

std::unique_ptr<Probe> start_dns(EventLoop& loop, const DnsCheck& check, const Way& way,
                                 std::chrono::milliseconds timeout, Done done) {
  std::unique_ptr<DnsProbe> probe =
      std::make_unique<DnsProbe>(loop, check, timeout, std::move(done));
  probe->begin(way);
  return probe;
}

}  // namespace sluice::health
