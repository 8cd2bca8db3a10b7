// SPDX-License-Identifier: Apache-2.0
// c-ares writes the question and no more: as a resolver it would choose the socket, send again, and
// go on to TCP or to another server.
#include "health/probe/dns_probe.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "health/probe/datagram_probe.h"
#include "health/probe/dns_message.h"
#include "health/probe/outcome.h"

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
    return bad(fmt::format("{}, wanted {}", text, wanted));
  }
  if (answer.truncated) return good(text + ", truncated");
  if (answer.rcode != kNoError) return good(text);
  if (answer.records == 0 && !is_wanted(check, kNxDomain)) return bad(text + ", but no records");
  return good(fmt::format("{}, {} record{}", text, answer.records, answer.records == 1 ? "" : "s"));
}

Result<std::string> make_question(const DnsCheck& check) {
  uint16_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id) return errno_error("get a random number");
  return encode_dns_question(check, id);
}

}  // namespace

std::unique_ptr<Probe> start_dns_probe(Probers& probers, const DnsCheck& check, const Way& way,
                                       std::chrono::milliseconds timeout, Done done) {
  const Result<std::string> question = make_question(check);
  const auto judge_packet = [check, asked = question ? *question : std::string()](
                                std::string_view packet) -> std::optional<Outcome> {
    const std::optional<DnsAnswer> answer = decode_dns_answer(asked, packet);
    return answer ? std::optional(judge(check, *answer)) : std::nullopt;
  };
  return start_datagram_probe(probers, question, judge_packet, way, timeout, std::move(done));
}

}  // namespace sluice::health
