// SPDX-License-Identifier: Apache-2.0
// Which request is answered how: method and path in, status and document out; no HTTP here.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "api/server.h"

namespace sluice::api {

struct Answer {
  unsigned status = 200;
  nlohmann::json body;
  std::string allow;  // with 405: the methods this path knows
};

// The document of every error: {"error": "..."}.
Answer refuse(unsigned status, const std::string& why);

// Who is at the other end of the socket, as the kernel tells.
struct Peer {
  std::optional<uint32_t> uid;
};

struct Request {
  std::string_view method;  // HEAD is answered as GET
  std::string_view path;    // without its query; both already unescaped
  const Query& query;
  std::string_view body = {};
  Peer peer = {};
};
Answer answer(const Handlers& handlers, const Request& request);

// How large a body such a request may have. Where nobody reads one, one is tolerated.
size_t largest_body(std::string_view method, std::string_view path);

}  // namespace sluice::api
