// SPDX-License-Identifier: Apache-2.0
#include "health/curl_failure.h"

#include <fmt/format.h>

#include <string_view>

#include "health/outcome_text.h"
#include "health/way_socket.h"

namespace sluice::health {
namespace {

bool is_ours(CURLcode code, bool connected) {
  switch (code) {
    case CURLE_OUT_OF_MEMORY:
      return !connected;              // else it means a line of the headers, too, of 100 KiB
    case CURLE_URL_MALFORMAT:         // the check's host or path
    case CURLE_COULDNT_RESOLVE_HOST:  // there is no name to resolve: it did not take the address
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_ABORTED_BY_CALLBACK:  // no timer could be started
    case CURLE_INTERFACE_FAILED:
    case CURLE_NO_CONNECTION_AVAILABLE:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:  // the system's authorities cannot be read
      return true;
    default:
      return false;
  }
}

std::string_view without(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string own_words(const CurlFailure& failure) {
  return failure.message.empty() ? curl_easy_strerror(failure.code) : failure.message;
}

std::string tls_text(const CurlFailure& failure) {
  if (failure.os_error != 0) return "TLS: " + errno_text(failure.os_error);
  const std::string words = own_words(failure);
  return fmt::format("TLS: {}", without(without(words, "SSL certificate problem: "), "SSL: "));
}

std::string timeout_text(const CurlFailure& failure) {
  const std::string within = duration_text(failure.timeout);
  if (!failure.answer.empty())
    return fmt::format("no end of the answer within {} ({})", within, failure.answer);
  return fmt::format("no answer within {} ({})", within,
                     failure.encrypted   ? "connected, with TLS"
                     : failure.connected ? "connected"
                                         : "not connected");
}

std::string text_of(const CurlFailure& failure) {
  switch (failure.code) {
    case CURLE_OUT_OF_MEMORY:
      return "a line of the headers is too long";
    case CURLE_GOT_NOTHING:
      return fmt::format("connection closed without an answer{}",
                         failure.http2 ? " in HTTP/2" : "");
    case CURLE_PARTIAL_FILE:
      return fmt::format("connection closed before the end of the answer ({})", failure.answer);
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, which is anything
    case CURLE_WEIRD_SERVER_REPLY:
      return "the answer is not HTTP";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return tls_text(failure);
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return "HTTP/2: " + own_words(failure);
    default:
      return failure.os_error != 0 ? errno_text(failure.os_error) : own_words(failure);
  }
}

}  // namespace

Outcome explain(const CurlFailure& failure) {
  if (failure.code == CURLE_OPERATION_TIMEDOUT)
    return no_answer(timeout_text(failure), failure.timeout, failure.took);
  if (is_ours(failure.code, failure.connected))
    return {Answer::kUnknown, one_line(own_words(failure))};
  const bool ours = !failure.connected && is_our_fault(failure.os_error, failure.waited);
  return {.answer = ours ? Answer::kUnknown : Answer::kBad,
          .text = one_line(text_of(failure)),
          .weight = {},
          .replied = failure.connected || failure.os_error == ECONNREFUSED};
}

}  // namespace sluice::health
