// SPDX-License-Identifier: Apache-2.0
// config history and show: what was in force.
#include <fmt/format.h>

#include "api/client.h"
#include "api/config_documents.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace sluice::cli {

namespace {

constexpr size_t kShownOfHash = 12;

std::string list(const std::vector<api::ConfigEntry>& entries, bool color) {
  Table table(
      {{"N", Align::kRight}, {"AT"}, {"BY"}, {"GENERATION", Align::kRight}, {"SHA256"}, {"WHAT"}},
      color);
  for (const api::ConfigEntry& e : entries)
    table.add({std::to_string(e.number), e.at, e.by, std::to_string(e.generation),
               e.sha256.substr(0, kShownOfHash),
               counted(e.services, "service") + ", " + counted(e.backends, "backend")});
  return table.to_string();
}

}  // namespace

Result<int> config_history(const Options& options, Verb::Arguments) {
  const Result<nlohmann::json> answer = api::get(options.socket_path(), "/v1/config/history");
  if (!answer) return answer.error();
  if (options.json()) return print_json(*answer);
  const auto entries = api::from_document<std::vector<api::ConfigEntry>>(*answer);
  if (!entries) return entries.error();
  if (entries->empty()) fmt::print("no history\n");
  print_sections({list(*entries, options.color)});
  return 0;
}

// As it is: what was in force has no control characters, the reader of files refuses them.
Result<int> config_show(const Options& options, Verb::Arguments arguments) {
  const std::string number = arguments.empty() ? "0" : arguments[0];
  const Result<nlohmann::json> answer =
      api::get(options.socket_path(), "/v1/config/history/" + api::path_segment(number));
  if (!answer) return answer.error();
  if (options.json()) return print_json(*answer);
  const Result<api::ConfigText> text = api::from_document<api::ConfigText>(*answer);
  if (!text) return text.error();
  fmt::print("{}", text->text);
  return 0;
}

}  // namespace sluice::cli
