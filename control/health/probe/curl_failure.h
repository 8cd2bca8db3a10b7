// SPDX-License-Identifier: Apache-2.0
// Why a transfer of libcurl has failed, and whose fault it is.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <string>

#include "health/probe/probe.h"

namespace sluice::health {

struct CurlFailure {
  CURLcode code = CURLE_OK;
  int os_error = 0;        // errno of the system call that failed last; 0: none did
  std::string message;     // libcurl's own; may be empty
  bool http2 = false;      // was asked for
  bool waited = false;     // for the other side, at least once
  bool connected = false;  // TCP
  bool encrypted = false;  // TLS has been agreed upon
  std::string answer;      // the status line's "200 OK" if it has come
  std::chrono::milliseconds timeout{0}, took{0};
};

// Until there is a connection, an errno says whose fault it is (fault.h). Of libcurl's own errors
// those are ours (kUnknown) that the backend has no part in: memory, the check's host or path, the
// authorities' file. All else is the backend's (kBad), also what libcurl may come to say one day: a
// fault of the backend that is taken for ours would never be found.
Outcome explain(const CurlFailure& failure);

}  // namespace sluice::health
