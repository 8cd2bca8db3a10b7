// SPDX-License-Identifier: Apache-2.0
#include "health/probe/curl_failure.h"

#include <fmt/format.h>

#include <string_view>

#include "health/probe/fault.h"
#include "health/probe/outcome.h"

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
  if (failure.os_error != 0) return "TLS: " + words_of(failure.os_error);
  const std::string words = own_words(failure);
  return fmt::format("TLS: {}", without(without(words, "SSL certificate problem: "), "SSL: "));
}

Outcome timed_out(const CurlFailure& failure) {
  const std::chrono::milliseconds held_up = failure.took - failure.timeout;
  if (!failure.answer.empty())
    return too_late("no end of the answer", failure.timeout, held_up,
                    fmt::format(" ({})", failure.answer));
  return too_late("no answer", failure.timeout, held_up,
                  failure.encrypted   ? " (connected, with TLS)"
                  : failure.connected ? " (connected)"
                                      : " (not connected)");
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
      return failure.os_error != 0 ? words_of(failure.os_error) : own_words(failure);
  }
}

}  // namespace

Outcome explain(const CurlFailure& failure) {
  if (failure.code == CURLE_OPERATION_TIMEDOUT) return timed_out(failure);
  if (is_ours(failure.code, failure.connected)) return unknown(own_words(failure));
  if (failure.connected) return bad(text_of(failure));
  // libcurl waits for nobody before connect(2) has said that it will take its time.
  if (failure.os_error != 0)
    return failed(failure.waited ? Moment::kWaiting : Moment::kAsking, "connect", failure.os_error);
  return silent(text_of(failure));
}

}  // namespace sluice::health
