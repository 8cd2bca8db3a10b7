// SPDX-License-Identifier: Apache-2.0
#include "health/probe/http_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <utility>

#include "health/probe/outcome.h"
#include "health/probe/transfer.h"

namespace sluice::health {
namespace {

constexpr double kWholeWeight = 100, kMostWeight = 1000;

bool is_wanted(const HttpCheck& check, int status) {
  return std::any_of(check.statuses.begin(), check.statuses.end(), [&](const StatusRange& range) {
    return range.first <= status && status <= range.last;
  });
}

// "200, 300-399"
std::string statuses_text(const HttpCheck& check) {
  std::string text;
  for (const StatusRange& range : check.statuses) {
    if (!text.empty()) text += ", ";
    text += std::to_string(range.first);
    if (range.last != range.first) text += fmt::format("-{}", range.last);
  }
  return text;
}

std::optional<double> parse_weight(std::string_view text) {
  if (text.empty() || !std::isdigit(static_cast<unsigned char>(text[0]))) return std::nullopt;
  double weight = 0;
  const std::from_chars_result r =
      std::from_chars(text.data(), text.data() + text.size(), weight, std::chars_format::fixed);
  if (r.ec != std::errc() || r.ptr != text.data() + text.size() || weight > kMostWeight)
    return std::nullopt;
  return weight;
}

// What the backend says of its weight; a header that is not there says nothing.
std::optional<std::string_view> weight_text(const HttpCheck& check, const Reply& reply) {
  if (check.weight == WeightSource::kHeader)
    return reply.header("X-Load-Balancing-Endpoint-Weight");
  if (check.weight == WeightSource::kBody) return trimmed(reply.body);
  return std::nullopt;
}

// Good, with what the backend `said` of its weight.
Outcome good_with_weight(std::string_view status, std::string_view said) {
  constexpr size_t kShown = 20;
  const std::optional<double> weight = parse_weight(said);
  if (!weight)
    return good(fmt::format("{}, but its weight \"{}\" is not a number of 0-{} and is ignored",
                            status, said.substr(0, kShown), kMostWeight));
  Outcome outcome = good(fmt::format("{}, weight {}", status, *weight));
  outcome.weight = *weight / kWholeWeight;
  return outcome;
}

Outcome judge(const HttpCheck& check, const Reply& reply) {
  if (reply.failure) return *reply.failure;
  if (check.http2 && !reply.http2)
    return bad(reply.status_text + ", but in HTTP/1.1: HTTP/2 was not agreed upon");
  if (!is_wanted(check, reply.status))
    return bad(fmt::format("{}, wanted {}", reply.status_text, statuses_text(check)));
  if (reply.body.find(check.body) == reply.body.npos)
    return bad(fmt::format("{}, but \"{}\" is not in {}", reply.status_text, check.body,
                           reply.whole ? "the body" : "the first 64 KiB of the body"));
  if (const std::optional<std::string_view> said = weight_text(check, reply))
    return good_with_weight(reply.status_text, *said);
  return good(reply.status_text);
}

}  // namespace

std::unique_ptr<Probe> start_http_probe(Probers& probers, const HttpCheck& check, const Way& way,
                                        std::chrono::milliseconds timeout, Done done) {
  Request request = {.way = way,
                     .timeout = timeout,
                     .tls = check.tls,
                     .http2 = check.http2,
                     .verify = check.verify,
                     .host = check.host,
                     .path = check.path};
  return Transfer::start(
      *probers.curl, std::move(request),
      [check, done = std::move(done)](const Reply& reply) { done(judge(check, reply)); });
}

}  // namespace sluice::health
