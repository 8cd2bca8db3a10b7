// SPDX-License-Identifier: Apache-2.0
// What libcurl's errors are taken for.
#include "health/probe/curl_failure.h"

#include <cerrno>

#include "health/probe/ask.h"

namespace sluice::health {
namespace {

TEST(CurlFailure, WhoseFaultItIs) {
  const struct {
    CurlFailure failure;
    Answer answer;
    const char* text;
  } rows[] = {
      // The kernel's own word, before anything was sent.
      {{.code = CURLE_COULDNT_CONNECT, .os_error = ENETUNREACH},
       Answer::kUnknown,
       "connect: network is unreachable"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = EHOSTUNREACH},
       Answer::kUnknown,
       "connect: no route to host"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = EADDRNOTAVAIL},
       Answer::kUnknown,
       "connect: cannot assign requested address"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = EACCES},
       Answer::kUnknown,
       "connect: permission denied"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = ECONNREFUSED},
       Answer::kBad,
       "connection refused"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = ECONNRESET},
       Answer::kBad,
       "connection reset by peer"},
      // What came from the network.
      {{.code = CURLE_COULDNT_CONNECT, .os_error = ENETUNREACH, .waited = true},
       Answer::kBad,
       "network is unreachable"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = EHOSTUNREACH, .waited = true},
       Answer::kBad,
       "no route to host"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = EACCES, .waited = true},
       Answer::kBad,
       "permission denied"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = ENOBUFS, .waited = true},
       Answer::kUnknown,
       "connect: no buffer space available"},
      {{.code = CURLE_COULDNT_CONNECT, .os_error = ENETDOWN, .waited = true},
       Answer::kUnknown,
       "connect: network is down"},
      {{.code = CURLE_RECV_ERROR, .os_error = ECONNRESET, .waited = true, .connected = true},
       Answer::kBad,
       "connection reset by peer"},
      {{.code = CURLE_SEND_ERROR, .os_error = EPIPE, .connected = true},
       Answer::kBad,
       "connection reset by peer"},
      // libcurl's.
      {{.code = CURLE_OUT_OF_MEMORY}, Answer::kUnknown, "Out of memory"},
      {{.code = CURLE_OUT_OF_MEMORY, .connected = true},
       Answer::kBad,
       "a line of the headers is too long"},
      {{.code = CURLE_FAILED_INIT}, Answer::kUnknown, "Failed initialization"},
      {{.code = CURLE_SSL_CACERT_BADFILE, .message = "no file", .waited = true, .connected = true},
       Answer::kUnknown,
       "no file"},
      {{.code = CURLE_SSL_CONNECT_ERROR, .message = "wrong version", .connected = true},
       Answer::kBad,
       "TLS: wrong version"},
      {{.code = CURLE_HTTP2, .message = "nonsense", .connected = true},
       Answer::kBad,
       "HTTP/2: nonsense"},
      {{.code = CURL_LAST, .message = "what is new", .connected = true},
       Answer::kBad,
       "what is new"},
      // Time.
      {{.code = CURLE_OPERATION_TIMEDOUT, .timeout = 1s, .took = 1001ms},
       Answer::kBad,
       "no answer within 1s (not connected)"},
      {{.code = CURLE_OPERATION_TIMEDOUT, .connected = true, .timeout = 1600ms, .took = 2000ms},
       Answer::kBad,
       "no answer within 1600ms (connected)"},
      {{.code = CURLE_OPERATION_TIMEDOUT,
        .connected = true,
        .encrypted = true,
        .timeout = 1s,
        .took = 1s},
       Answer::kBad,
       "no answer within 1s (connected, with TLS)"},
      {{.code = CURLE_OPERATION_TIMEDOUT, .connected = true, .timeout = 1600ms, .took = 2001ms},
       Answer::kUnknown,
       "no answer within 1600ms (connected), but we were held up for 401ms ourselves"},
  };
  for (const auto& row : rows) EXPECT_THAT(explain(row.failure), Is(row.answer, row.text));
}

}  // namespace
}  // namespace sluice::health
