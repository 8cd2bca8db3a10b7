// SPDX-License-Identifier: Apache-2.0
// Asks a running sluiced over its Unix socket.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace sluice::api {

// The document at `path` ("/v1/status"). An answer that is not 2xx is an Error with the daemon's
// own words.
Result<nlohmann::json> get(const std::string& socket_path, const std::string& path);
Result<nlohmann::json> post(const std::string& socket_path, const std::string& path);

// An answer as it is, whatever its status.
struct Reply {
  long status = 0;
  nlohmann::json document;

  bool ok() const { return status >= 200 && status <= 299; }
};
// An Error if there is no answer.
Result<Reply> get_reply(const std::string& socket_path, const std::string& path);
// Sends `body`. An Error if there is no answer.
Result<Reply> post_body(const std::string& socket_path, const std::string& path,
                        const std::string& body);
// What a reply that is not ok() says went wrong.
Error refusal(const Reply& reply);

// `name` as one segment of a path: "/v1/services/" + path_segment(name).
std::string path_segment(const std::string& name);

}  // namespace sluice::api
