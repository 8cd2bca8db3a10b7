// SPDX-License-Identifier: Apache-2.0
// status and reload: what the daemon says about itself.
#include <fmt/format.h>

#include "api/client.h"
#include "api/documents.h"
#include "cli/backend_text.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace sluice::cli {

namespace {

std::string slots(const api::Flows& flows) {
  return fmt::format("{} clean, {} in a window, {} in a tail", flows.slots.clean,
                     flows.slots.window, flows.slots.tail);
}

// "web: panic: 1 of 4 backends is healthy", a line each.
std::string pools(const std::vector<api::PoolTrouble>& troubles) {
  std::string out;
  for (const api::PoolTrouble& t : troubles)
    out += fmt::format("{}{}: {}{}{}", out.empty() ? "" : "\n", t.pool, t.trouble,
                       t.detail.empty() ? "" : ": ", t.detail);
  return out;
}

std::string heading(const api::Status& status) {
  Facts facts;
  facts.add("instance", status.instance + ", sluiced " + status.version);
  facts.add("configuration", status.config_file + ", loaded " + status.config_loaded_at);
  facts.add("generation",
            fmt::format("{}: {}, {}", status.generation, counted(status.services, "service"),
                        counted(status.members, "member")));
  facts.add("forwarded", human_count(status.counters.forwarded.packets) + " packets, " +
                             human_bytes(status.counters.forwarded.bytes));
  if (!status.flows.tables.empty()) facts.add("slots", slots(status.flows));
  if (status.unconfirmed)
    facts.add("UNCONFIRMED", "undone in " + human_duration(status.confirm_in) +
                                 " unless `sluicectl config confirm` is said");
  if (!status.overrides.empty()) facts.add("OVERRIDES", lines_of(status.overrides));
  if (!status.overrides_trouble.empty()) facts.add("OVERRIDE FILE", status.overrides_trouble);
  if (!status.pools_in_trouble.empty()) facts.add("POOLS", pools(status.pools_in_trouble));
  if (!status.checker_trouble.empty()) facts.add("CHECKS", status.checker_trouble);
  if (!status.config_trouble.empty()) facts.add("HISTORY", status.config_trouble);
  if (!status.last_error.empty()) facts.add("LAST ERROR", status.last_error);
  return facts.to_string();
}

std::string interfaces(const api::Status& status, bool color) {
  Table table({{"INTERFACE"}, {"INDEX", Align::kRight}, {"ATTACHED"}, {"BY"}, {"DETAIL"}}, color);
  for (const api::Interface& i : status.interfaces)
    table.add({i.name, i.ifindex ? std::to_string(i.ifindex) : "-",
               Cell(i.attached ? i.mode : "no", !i.attached), i.attached ? i.by : "-", i.detail});
  return table.to_string();
}

// The reasons that happened; the others are in the JSON.
std::string fates(const api::Status& status, bool color) {
  Table table({{"FATE"}, {"PACKETS", Align::kRight}, {"REASON"}, {"MEANING"}}, color);
  for (const api::ReasonCount& c : status.counters.passed)
    if (c.packets > 0) table.add({"passed", human_count(c.packets), c.reason, c.text});
  for (const api::ReasonCount& c : status.counters.dropped)
    if (c.packets > 0) table.add({"dropped", human_count(c.packets), c.reason, c.text});
  for (const api::ReasonCount& c : status.counters.replied)
    if (c.packets > 0) table.add({"replied", human_count(c.packets), c.reason, c.text});
  return table.to_string();
}

std::string unusable(const api::Status& status, bool color) {
  Table table({{"UNUSABLE BACKEND"}, {"REASON"}}, color);
  for (const api::Unusable& u : status.unusable) table.add({Cell(u.backend, true), u.reason});
  return table.to_string();
}

std::string flow_tables(const api::Status& status, bool color) {
  Table table({{"FLOWS"},
               {"ENTRIES", Align::kRight},
               {"ROOM", Align::kRight},
               {"HALF-OPEN", Align::kRight},
               {"REMOVED", Align::kRight},
               {"EVICTED", Align::kRight}},
              color);
  for (const api::FlowTable& t : status.flows.tables)
    table.add({t.table, human_count(t.entries), human_count(t.capacity),
               t.table == "new" ? human_count(status.flows.half_open) : "-", human_count(t.removed),
               t.table == "new" ? "-" : human_count(t.evicted)});
  return table.to_string();
}

// The events that happened; the others are in the JSON.
std::string flow_events(const api::Status& status, bool color) {
  Table table({{"FLOW EVENT"}, {"COUNT", Align::kRight}, {"MEANING"}}, color);
  for (const api::FlowEvent& e : status.flows.events)
    if (e.count > 0) table.add({e.event, human_count(e.count), e.text});
  return table.to_string();
}

}  // namespace

Result<int> status(const Options& options, Verb::Arguments) {
  const Result<nlohmann::json> answer = api::get(options.socket_path(), "/v1/status");
  if (!answer) return answer.error();
  if (options.json()) return print_json(*answer);
  const Result<api::Status> status = api::from_document<api::Status>(*answer);
  if (!status) return status.error();
  print_sections({heading(*status), interfaces(*status, options.color),
                  unusable(*status, options.color), fates(*status, options.color),
                  flow_tables(*status, options.color), flow_events(*status, options.color)});
  return 0;
}

Result<int> reload(const Options& options, Verb::Arguments) {
  const Result<nlohmann::json> done = api::post(options.socket_path(), "/v1/reload");
  if (!done) return done.error();
  const Result<nlohmann::json> answer = api::get(options.socket_path(), "/v1/status");
  if (!answer) return answer.error();
  if (options.json()) return print_json(*answer);
  const Result<api::Status> status = api::from_document<api::Status>(*answer);
  if (!status) return status.error();
  fmt::print("reloaded: generation {} is in force\n", status->generation);
  return 0;
}

}  // namespace sluice::cli
