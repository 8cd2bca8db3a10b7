// SPDX-License-Identifier: Apache-2.0
// flows list: which flows are remembered, and whose they are.
#include <fmt/format.h>

#include "api/client.h"
#include "api/documents.h"
#include "api/flow_query.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace sluice::cli {

namespace {

constexpr const char* kServiceOption = "--service";
constexpr const char* kBackendOption = "--backend";
constexpr const char* kVipOption = "--vip";
constexpr const char* kClientOption = "--client";
constexpr const char* kLimitOption = "--limit";

std::string check_name(const std::string& value) {
  return value.empty() ? "a name is missing" : "";
}

std::string check_backend(const std::string& value) {
  return value.find('/') == value.npos ? value + " is not POOL/BACKEND" : "";
}

std::string check_prefix(const std::string& value) {
  return IpPrefix::parse(value) ? "" : value + " is neither an address nor a prefix";
}

std::string check_limit(const std::string& value) {
  return api::read_flow_query({{"limit", value}}) ? "" : value + " is not a number of flows";
}

constexpr VerbOption kOptions[] = {
    {kServiceOption, "S", "flows of this service", false, check_name},
    {kBackendOption, "POOL/BACKEND", "flows of this backend", false, check_backend},
    {kVipOption, "ADDR", "flows to this address or prefix", false, check_prefix},
    {kClientOption, "ADDR", "flows from this address or prefix", false, check_prefix},
    {kLimitOption, "N", "so many flows at most (default 100; 0: all)", false, check_limit},
};

// What the options say; their values have been checked.
api::Query query_of(const Options& options) {
  api::Query query;
  for (const VerbOption& o : kOptions)
    if (const std::string* value = options.find(o.name))
      query[std::string(o.name.substr(2))] = *value;
  return query;
}

std::string path_of(const api::Query& query) {
  std::string path = "/v1/flows";
  for (const auto& [name, value] : query)
    path += (path.find('?') == path.npos ? "?" : "&") + name + "=" + api::path_segment(value);
  return path;
}

// Asks for one part after the other, until there are enough or no more.
Result<api::FlowList> ask(const std::string& socket_path, api::Query query, uint32_t limit) {
  api::FlowList all;
  do {
    if (limit != 0) query["limit"] = std::to_string(limit - all.flows.size());
    if (!all.next.empty()) query["after"] = all.next;
    const Result<nlohmann::json> answer = api::get(socket_path, path_of(query));
    if (!answer) return answer.error();
    Result<api::FlowList> part = api::from_document<api::FlowList>(*answer);
    if (!part) return part.error();
    std::move(part->flows.begin(), part->flows.end(), std::back_inserter(all.flows));
    all.truncated = part->truncated;
    all.next = part->next;
  } while (!all.next.empty() && (limit == 0 || all.flows.size() < limit));
  return all;
}

// "192.0.2.10:443", "[2001:db8::10]:443"; without a port where the protocol has none.
std::string endpoint(const std::string& protocol, const std::string& address, uint16_t port) {
  if (protocol != "tcp" && protocol != "udp") return address;
  const bool is_v6 = address.find(':') != address.npos;
  return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
}

std::string list(const std::vector<api::Flow>& flows, bool color) {
  Table table({{"PROTOCOL"},
               {"CLIENT"},
               {"VIP"},
               {"SERVICE"},
               {"BACKEND"},
               {"ADDRESS"},
               {"TABLE"},
               {"STATE"},
               {"IDLE", Align::kRight}},
              color);
  for (const api::Flow& f : flows)
    table.add({f.protocol, endpoint(f.protocol, f.client, f.client_port),
               endpoint(f.protocol, f.vip, f.vip_port), f.service.empty() ? "-" : f.service,
               f.backend.empty() ? "-" : f.backend + (f.leaving ? " (leaving)" : ""),
               f.address.empty() ? "-" : f.address, f.table, f.state, human_duration(f.idle)});
  return table.to_string();
}

}  // namespace

std::span<const VerbOption> flows_options() {
  return kOptions;
}

Result<int> flows_list(const Options& options, Verb::Arguments) {
  const api::Query query = query_of(options);
  const Result<api::FlowQuery> asked = api::read_flow_query(query);
  if (!asked) return asked.error();
  const Result<api::FlowList> answer = ask(options.socket_path(), query, asked->limit);
  if (!answer) return answer.error();
  if (options.json())
    return print_json({{"flows", answer->flows}, {"truncated", answer->truncated}});
  if (answer->flows.empty()) fmt::print("no flows\n");
  print_sections({list(answer->flows, options.color),
                  answer->truncated ? "there are more: --limit 0 lists all\n" : ""});
  return 0;
}

}  // namespace sluice::cli
