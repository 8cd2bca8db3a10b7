// SPDX-License-Identifier: Apache-2.0
// service list and service show: who gets what.
#include <fmt/format.h>

#include <algorithm>

#include "api/client.h"
#include "api/documents.h"
#include "cli/backend_text.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace sluice::cli {

namespace {

constexpr const char* kUp = "up";
constexpr const char* kLeaving = "leaving";

std::string list(const std::vector<api::Service>& services, bool color) {
  Table table({{"SERVICE"},
               {"VIPS"},
               {"PORTS"},
               {"POOL"},
               {"BACKENDS", Align::kRight},
               {"PACKETS", Align::kRight},
               {"BYTES", Align::kRight}},
              color);
  for (const api::Service& s : services) {
    const auto up = std::ranges::count(s.backends, kUp, &api::Backend::state);
    const auto gone = std::ranges::count(s.backends, kLeaving, &api::Backend::state);
    table.add({s.name, comma_separated(s.vips), comma_separated(s.ports), s.pool,
               Cell(fmt::format("{}/{}", up, ptrdiff_t(s.backends.size()) - gone), up == 0),
               human_count(s.packets), human_bytes(s.bytes)});
  }
  return table.to_string();
}

// "65037 clean, 300 in a window (14m59s to its end), 200 in a tail"
std::string slots(const api::RingSlots& ring) {
  std::string out = fmt::format("{} clean", ring.slots.clean);
  if (ring.slots.window)
    out += fmt::format(", {} in a window ({} to its end)", ring.slots.window,
                       human_duration(ring.window_ends_in));
  if (ring.slots.tail) out += fmt::format(", {} in a tail", ring.slots.tail);
  return out;
}

std::string heading(const api::Service& service) {
  Facts facts;
  facts.add("service", service.name);
  facts.add("vips", comma_separated(service.vips));
  facts.add("ports", comma_separated(service.ports));
  facts.add("pool", service.pool);
  facts.add("hash", service.hash);
  facts.add("empty", service.empty);
  facts.add("tracking", service.tracking);
  for (const api::RingSlots& ring : service.rings) facts.add("slots, " + ring.ring, slots(ring));
  facts.add("forwarded", human_count(service.packets) + " packets, " + human_bytes(service.bytes));
  return facts.to_string();
}

// "down since 2024-02-29T12:00:00Z: connection refused"
std::string health(const api::Backend& b) {
  std::string out = b.health.empty() ? "-" : b.health;
  if (!b.health_since.empty()) out += " since " + b.health_since;
  return b.health_output.empty() ? out : out + ": " + b.health_output;
}

std::string backends(const api::Service& service, bool color) {
  std::vector<Column> columns = {{"BACKEND"},
                                 {"ADDRESS"},
                                 {"WEIGHT", Align::kRight},
                                 {"EXPECTED", Align::kRight},
                                 {"ACTUAL", Align::kRight},
                                 {"PACKETS", Align::kRight},
                                 {"BYTES", Align::kRight},
                                 {"STATE"},
                                 {"DETAIL"}};
  const bool has_health = std::ranges::any_of(
      service.backends, [](const api::Backend& b) { return !b.health.empty(); });
  if (has_health) columns.push_back({"HEALTH"});
  Table table(columns, color);
  for (const api::Backend& b : service.backends) {
    std::vector<Cell> cells = {
        b.name,
        b.address,
        std::to_string(b.weight),
        human_share(b.share_expected),
        service.packets ? human_share(double(b.packets) / double(service.packets)) : "-",
        human_count(b.packets),
        human_bytes(b.bytes),
        Cell(b.state, b.state != kUp),
        b.detail};
    if (has_health) cells.push_back(Cell(health(b), is_alarming(b.health)));
    table.add(cells);
  }
  return table.to_string();
}

}  // namespace

Result<int> service_list(const Options& options, Verb::Arguments) {
  const Result<nlohmann::json> answer = api::get(options.socket_path(), "/v1/services");
  if (!answer) return answer.error();
  if (options.json()) return print_json(*answer);
  const auto services = api::from_document<std::vector<api::Service>>(*answer);
  if (!services) return services.error();
  if (services->empty()) fmt::print("no services\n");
  print_sections({list(*services, options.color)});
  return 0;
}

Result<int> service_show(const Options& options, Verb::Arguments arguments) {
  const std::string path = "/v1/services/" + api::path_segment(arguments[0]);
  const Result<nlohmann::json> answer = api::get(options.socket_path(), path);
  if (!answer) return answer.error();
  if (options.json()) return print_json(*answer);
  const Result<api::Service> service = api::from_document<api::Service>(*answer);
  if (!service) return service.error();
  print_sections({heading(*service), backends(*service, options.color)});
  return 0;
}

}  // namespace sluice::cli
