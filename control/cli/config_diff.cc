// SPDX-License-Identifier: Apache-2.0
// config diff: what a file would change.
#include <fmt/format.h>

#include "cli/config_text.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/table.h"

namespace sluice::cli {

namespace {

constexpr const char* kExitCode = "--exit-code";
// diff(1), git and kubectl say 1, which is "failed" here, and terraform 2, which is "wrong usage".
constexpr int kWouldChange = 3;

constexpr VerbOption kOptions[] = {
    {kExitCode, "", "exit with 3 if the file would change something"},
};

std::string text_of(const api::SettingChange& s) {
  const auto value = [](const std::string& v) { return v.empty() ? "nothing" : v; };
  return fmt::format("~ {}: {} -> {}", s.setting, value(s.before), value(s.after));
}

std::string text_of(const api::MemberChange& m) {
  const std::string who = fmt::format("{} ({})", m.backend, m.address);
  if (m.change == "added") return fmt::format("+ {}, weight {}", who, m.weight_after);
  if (m.change == "removed") return fmt::format("- {}, weight {}", who, m.weight_before);
  if (m.change == "weight")
    return fmt::format("~ {}: weight {} -> {}", who, m.weight_before, m.weight_after);
  return fmt::format("~ {}: {}", who, m.detail);
}

std::vector<std::string> lines_of(const api::ServiceChange& s) {
  std::vector<std::string> lines;
  for (const api::SettingChange& c : s.settings)
    if (s.change != "added") lines.push_back(text_of(c));
  for (const api::MemberChange& c : s.members) lines.push_back(text_of(c));
  if (lines.empty()) lines.push_back("");
  return lines;
}

std::string services(const api::ConfigDiff& diff, bool color) {
  Table table({{"SERVICE"}, {"CHANGE"}, {"MOVED", Align::kRight}, {"WHAT"}}, color);
  for (const api::ServiceChange& s : diff.services) {
    bool first = true;
    for (const std::string& line : lines_of(s)) {
      const std::string moved = s.change == "changed" ? human_share(s.moved) : "-";
      table.add({first ? s.name : "", first ? s.change : "", first ? moved : "", line});
      first = false;
    }
  }
  return table.to_string();
}

std::string interfaces(const api::ConfigDiff& diff, bool color) {
  Table table({{"INTERFACE"}, {"CHANGE"}, {"WHAT"}}, color);
  for (const api::InterfaceChange& i : diff.interfaces) {
    std::vector<std::string> what;
    for (const api::SettingChange& c : i.settings) what.push_back(text_of(c));
    table.add({i.name, i.change, comma_separated(what)});
  }
  return table.to_string();
}

std::string settings(const api::ConfigDiff& diff, bool color) {
  Table table({{"SETTING"}, {"BEFORE"}, {"AFTER"}}, color);
  for (const api::SettingChange& s : diff.settings) table.add({s.setting, s.before, s.after});
  return table.to_string();
}

std::string unresolved(const api::ConfigDiff& diff, bool color) {
  Table table({{"NO NEXT HOP YET"}, {"WHY"}}, color);
  for (const api::Unusable& u : diff.unresolved) table.add({Cell(u.backend, true), u.reason});
  return table.to_string();
}

std::string tables(const api::ConfigDiff& diff) {
  Facts facts;
  if (diff.next_hops_changed)
    facts.add("next hops", counted(diff.next_hops_changed, "member") + " changed in place");
  if (diff.members_written) facts.add("written", counted(diff.members_written, "member"));
  for (const std::string& why : diff.new_data_plane)
    facts.add("new data plane", "built beside the running one: " + why);
  for (const std::string& why : diff.new_programs)
    facts.add("new programs", "put on the same tables: " + why);
  for (const std::string& w : diff.warnings) facts.add("WARNING", w);
  return facts.to_string();
}

std::string nothing(const api::ConfigDiff& diff) {
  if (!diff.changes)
    return diff.text_changes ? "nothing changes but the text of the file\n" : "nothing changes\n";
  return diff.services.empty() && diff.interfaces.empty() && diff.settings.empty()
             ? "only what no service uses changes\n"
             : "";
}

}  // namespace

std::vector<std::string> diff_sections(const api::ConfigDiff& diff, bool color) {
  return {nothing(diff),         services(diff, color), interfaces(diff, color),
          settings(diff, color), tables(diff),          unresolved(diff, color)};
}

std::span<const VerbOption> config_diff_options() {
  return kOptions;
}

Result<int> config_diff(const Options& options, Verb::Arguments arguments) {
  const auto answer = send_config(options, arguments[0], "/v1/config/diff");
  if (!answer) return answer.error();
  if (const int* status = std::get_if<int>(&*answer)) return *status;
  const nlohmann::json& document = std::get<nlohmann::json>(*answer);
  const Result<api::ConfigDiff> diff = api::from_document<api::ConfigDiff>(document);
  if (!diff) return diff.error();
  if (options.json())
    print_json(document);
  else
    print_sections(diff_sections(*diff, options.color));
  const bool changes = diff->changes || diff->text_changes;
  return options.find(kExitCode) && changes ? kWouldChange : 0;
}

}  // namespace sluice::cli
