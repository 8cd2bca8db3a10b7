// SPDX-License-Identifier: Apache-2.0
// Which request is answered how: method and path in, status and document out; no HTTP here.
#pragma once

#include <nlohmann/json.hpp>
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

// `path` without its query; both already unescaped. HEAD is answered as GET.
Answer answer(const Handlers& handlers, std::string_view method, std::string_view path,
              const Query& query, std::string_view body);

// How large a body such a request may have. Where nobody reads one, one is tolerated.
size_t largest_body(std::string_view method, std::string_view path);

}  // namespace sluice::api
