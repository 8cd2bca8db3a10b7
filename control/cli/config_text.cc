// SPDX-License-Identifier: Apache-2.0
#include "cli/config_text.h"

#include <fmt/format.h>

#include <cstdio>

#include "api/client.h"
#include "base/log.h"
#include "cli/output.h"
#include "config/reader.h"

namespace sluice::cli {

namespace {

constexpr long kUnprocessable = 422;

// As config_check() does: a document on standard output, or lines on standard error.
int print_errors(const Options& options, const std::string& file,
                 const std::vector<api::ConfigError>& errors) {
  nlohmann::json list = nlohmann::json::array();
  for (const api::ConfigError& e : errors) {
    if (!options.json())
      fmt::print(stderr, "{}:{}:{}: error: {}\n", printable(file), e.line, e.column,
                 printable(e.message));
    list.push_back(
        {{"file", file}, {"line", e.line}, {"column", e.column}, {"message", e.message}});
  }
  if (options.json()) print_json(list);
  return 1;
}

}  // namespace

Result<std::variant<nlohmann::json, int>> send_config(const Options& options,
                                                      const std::string& file,
                                                      const std::string& path) {
  using Answer = std::variant<nlohmann::json, int>;
  const Result<std::string> text = read_config_text(file);
  if (!text) return text.error();
  Result<api::Reply> reply = api::post_body(options.socket_path(), path, *text);
  if (!reply) return reply.error();
  if (reply->ok()) return Answer(std::move(reply->document));
  if (reply->status != kUnprocessable || !reply->document.contains("errors"))
    return api::refusal(*reply);
  const auto errors =
      api::from_document<std::vector<api::ConfigError>>(reply->document.at("errors"));
  if (!errors) return errors.error();
  return Answer(print_errors(options, file, *errors));
}

}  // namespace sluice::cli
