// SPDX-License-Identifier: Apache-2.0
// config apply, confirm and rollback: what changes the configuration.
#include <fmt/format.h>

#include "api/client.h"
#include "cli/config_text.h"
#include "cli/duration.h"
#include "cli/human.h"
#include "cli/output.h"

namespace sluice::cli {

namespace {

constexpr const char* kConfirm = "--confirm";
constexpr std::chrono::hours kLongest(24);

std::string check_duration(const std::string& value) {
  return duration_of(value, kLongest) ? ""
                                      : value + " is not a duration such as 60s or 5m, 24h at most";
}

constexpr VerbOption kOptions[] = {
    {kConfirm, "DURATION", "undo it after that time (60s, 5m) unless it is confirmed", false,
     check_duration},
};

std::string query_of(const Options& options) {
  const std::string* const confirm = options.find(kConfirm);
  return confirm ? fmt::format("?confirm={}", duration_of(*confirm, kLongest)->count()) : "";
}

Result<int> report(const Options& options, const nlohmann::json& document) {
  if (options.json()) return print_json(document);
  const auto applied = api::from_document<api::ConfigApplied>(document);
  if (!applied) return applied.error();
  std::vector<std::string> sections;
  if (applied->diff.generation != 0) sections = diff_sections(applied->diff, options.color);
  sections.push_back(fmt::format("generation {} is in force\n", applied->generation));
  if (applied->confirm_in > 0)
    sections.back() += fmt::format("it is undone in {} unless you say: sluicectl config confirm\n",
                                   human_duration(applied->confirm_in));
  print_sections(sections);
  return 0;
}

}  // namespace

std::span<const VerbOption> config_apply_options() {
  return kOptions;
}

Result<int> config_apply(const Options& options, Verb::Arguments arguments) {
  const auto answer = send_config(options, arguments[0], "/v1/config/apply" + query_of(options));
  if (!answer) return answer.error();
  if (const int* status = std::get_if<int>(&*answer)) return *status;
  return report(options, std::get<nlohmann::json>(*answer));
}

Result<int> config_confirm(const Options& options, Verb::Arguments) {
  const Result<nlohmann::json> done = api::post(options.socket_path(), "/v1/config/confirm");
  if (!done) return done.error();
  if (options.json()) return print_json(*done);
  fmt::print("confirmed\n");
  return 0;
}

Result<int> config_rollback(const Options& options, Verb::Arguments arguments) {
  std::string path = "/v1/config/rollback" + query_of(options);
  if (!arguments.empty())
    path += (options.find(kConfirm) ? "&to=" : "?to=") + api::path_segment(arguments[0]);
  const Result<nlohmann::json> answer = api::post(options.socket_path(), path);
  if (!answer) return answer.error();
  return report(options, *answer);
}

}  // namespace sluice::cli
