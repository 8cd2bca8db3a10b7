// SPDX-License-Identifier: Apache-2.0
#include "health/probe/grpc_probe.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

#include "health/probe/grpc_health.h"
#include "health/probe/outcome.h"
#include "health/probe/transfer.h"

namespace sluice::health {
namespace {

// The codes of https://grpc.github.io/grpc/core/md_doc_statuscodes.html, by number.
constexpr std::string_view kStatusNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

// grpc-message is percent-encoded.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    const char* const digits = text.data() + i + 1;
    uint8_t byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      out += char(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Outcome judge_status(std::string_view status, std::optional<std::string_view> message) {
  unsigned code = 0;
  const char* const end = status.data() + status.size();
  const std::from_chars_result r = std::from_chars(status.data(), end, code);
  std::string text = r.ec == std::errc() && r.ptr == end && code < std::size(kStatusNames)
                         ? std::string(kStatusNames[code])
                         : fmt::format("grpc-status {}", status);
  if (message && !message->empty()) text += ": " + percent_decoded(*message);
  return bad(text);
}

Outcome judge_message(const std::string& body) {
  const std::optional<ServingStatus> status = decode_health_response(body);
  if (!status) return bad("the answer is not a HealthCheckResponse");
  switch (*status) {
    case ServingStatus::kServing:
      return good("SERVING");
    case ServingStatus::kNotServing:
      return bad("NOT_SERVING");
    case ServingStatus::kServiceUnknown:
      return bad("SERVICE_UNKNOWN");
    case ServingStatus::kUnknown:
      return bad("UNKNOWN");
  }
  return bad(fmt::format("serving status {}", uint64_t(*status)));
}

Outcome judge(const Reply& reply) {
  if (reply.failure) return *reply.failure;
  const std::string_view type = reply.header("content-type").value_or("");
  if (!reply.http2 || reply.status != 200 || !type.starts_with("application/grpc"))
    return bad(fmt::format("HTTP{} {}: this is no gRPC server", reply.http2 ? "/2" : "",
                           reply.status_text));
  const std::optional<std::string_view> status = reply.header("grpc-status");
  if (!status) return bad("the answer has no grpc-status");
  if (*status != "0") return judge_status(*status, reply.header("grpc-message"));
  return judge_message(reply.body);
}

}  // namespace

std::unique_ptr<Probe> start_grpc_probe(Probers& probers, const GrpcCheck& check, const Way& way,
                                        std::chrono::milliseconds timeout, Done done) {
  Request request = {.way = way,
                     .timeout = timeout,
                     .tls = check.tls,
                     .http2 = true,
                     .path = "/grpc.health.v1.Health/Check",
                     .headers = {"Content-Type: application/grpc", "TE: trailers",
                                 fmt::format("grpc-timeout: {}m", timeout.count())},
                     .post = encode_health_request(check.service)};
  return Transfer::start(*probers.curl, std::move(request),
                         [done = std::move(done)](const Reply& reply) { done(judge(reply)); });
}

}  // namespace sluice::health
