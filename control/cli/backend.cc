// SPDX-License-Identifier: Apache-2.0
// backend list and backend show: how backends are, and why.
#include <fmt/format.h>

#include "api/backend_order.h"
#include "api/client.h"
#include "cli/backend_text.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/remaining.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace sluice::cli {

namespace {

std::string path_text(const api::CheckState& check) {
  const std::string way = check.via == "tunnel" ? "through the backend's tunnel" : "directly";
  if (check.to.empty()) return way;
  return way + ", to " + check.to + (check.port ? fmt::format(" port {}", check.port) : "");
}

std::string hold_down_text(const api::CheckState& check) {
  std::string out = "flows of one found down are kept for " + human_duration(check.hold_down);
  if (check.hold_down_ends_in > 0)
    out += ", " + human_duration(check.hold_down_ends_in) + " of it are left";
  return out;
}

void add_check(const api::CheckState& check, Facts& facts) {
  if (check.rule.empty()) return facts.add("check", "none");
  facts.add("check", check.rule);
  facts.add("path", path_text(check));
  facts.add("rise", fmt::format("after {} in a row, {} now", counted(check.rise, "good answer"),
                                check.good_in_a_row));
  facts.add("fall", fmt::format("after {} in a row, {} now", counted(check.fall, "bad answer"),
                                check.bad_in_a_row));
  facts.add("hold-down", hold_down_text(check));
  if (check.held_for_flapping_in > 0)
    facts.add("FLAPPING", "stays down for " + human_duration(check.held_for_flapping_in) +
                              " more, whatever it answers");
}

void add_remaining(const api::Remaining& r, Facts& facts) {
  if (!r.known) return;
  facts.add("left", remaining_text(r));
  if (const std::string unseen = unseen_text(r); !unseen.empty()) facts.add("not counted", unseen);
}

std::string heading(const api::PoolBackend& b) {
  Facts facts;
  facts.add("backend", api::name_of(b));
  facts.add("address", b.address);
  facts.add("state",
            fmt::format("{} since {} ({})", b.state, b.since, human_duration(b.state_age)));
  if (!b.verdict.empty() && b.verdict != b.state) facts.add("by checks", b.verdict);
  if (!b.detail.empty()) facts.add("detail", b.detail);
  for (const api::Override& o : b.overrides) facts.add("OVERRIDE", sentence_of(o));
  facts.add("weight", b.weight == b.weight_configured
                          ? std::to_string(b.weight)
                          : fmt::format("{} now, {} configured", b.weight, b.weight_configured));
  facts.add("services", b.services.empty() ? "none" : comma_separated(b.services));
  if (!b.also.empty()) facts.add("also", comma_separated(b.also) + " at the same address");
  add_remaining(b.remaining, facts);
  add_check(b.check, facts);
  return facts.to_string();
}

std::string outcomes(const api::CheckState& check, bool color) {
  Table table({{"ANSWER"}, {"AGO", Align::kRight}, {"OUTPUT"}}, color);
  for (const api::CheckOutcome& o : check.last)
    table.add({Cell(o.answer, o.answer != "good"), human_duration(o.ago), o.output});
  return table.to_string();
}

}  // namespace

Result<int> backend_list(const Options& options, Verb::Arguments arguments) {
  std::string path = "/v1/backends";
  if (!arguments.empty()) path += "?pool=" + api::path_segment(arguments[0]);
  const Result<nlohmann::json> answer = api::get(options.socket_path(), path);
  if (!answer) return answer.error();
  if (options.json()) return print_json(*answer);
  const Result<api::BackendList> list = api::from_document<api::BackendList>(*answer);
  if (!list) return list.error();
  if (list->backends.empty()) fmt::print("no backends\n");
  Facts trouble;
  if (!list->overrides_trouble.empty()) trouble.add("OVERRIDE FILE", list->overrides_trouble);
  print_sections({backend_table(list->backends, options.color),
                  override_table(list->overrides, options.color), trouble.to_string()});
  return 0;
}

Result<int> backend_show(const Options& options, Verb::Arguments arguments) {
  const Result<api::BackendName> name = api::read_backend_name(arguments[0]);
  if (!name) return name.error();
  const std::string path =
      "/v1/backends/" + api::path_segment(name->pool) + "/" + api::path_segment(name->backend);
  const Result<nlohmann::json> answer = api::get(options.socket_path(), path);
  if (!answer) return answer.error();
  if (options.json()) return print_json(*answer);
  const Result<api::PoolBackend> backend = api::from_document<api::PoolBackend>(*answer);
  if (!backend) return backend.error();
  print_sections({heading(*backend), outcomes(backend->check, options.color)});
  return 0;
}

}  // namespace sluice::cli
