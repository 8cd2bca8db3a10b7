// SPDX-License-Identifier: Apache-2.0
#include "loadgen/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/human.h"
#include "cli/table.h"

namespace sluice::loadgen {

namespace {

using nlohmann::ordered_json;

constexpr std::pair<const char*, double> kPercentiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};

ordered_json latency_of(const Histogram& h) {
  if (h.count() == 0) return nullptr;
  ordered_json out;
  for (const auto& [name, share] : kPercentiles) out[name] = h.percentile(share);
  out["max"] = h.most();
  return out;
}

void add_counts(ordered_json& out, const Interval& i) {
  out["sent"] = i.sent;
  out["received"] = i.received;
  out["lost"] = i.lost();
  out["duplicated"] = i.duplicated;
  out["reordered"] = i.reordered;
  out["misrouted"] = i.misrouted;
  out["moved"] = i.moved;
  out["undecided"] = i.undecided;
  out["corrupt"] = i.corrupt;
  out["foreign"] = i.foreign;
}

double per_second(uint64_t n, double seconds) {
  return seconds > 0 ? std::round(double(n) / seconds) : 0;
}

double share_of(uint64_t part, uint64_t all) {
  return all ? double(part) / double(all) : 0;
}

std::string microseconds(uint32_t ns) {
  return fmt::format("{:.1f}", ns / 1e3);
}

std::string counts_text(const Total& t) {
  const Interval& i = t.all;
  std::string text = fmt::format(
      "sent {} in {:.1f} s ({:.0f}/s), received {} ({:.0f}/s)\n"
      "lost {} ({:.4f}%, of {} flows), duplicated {}, reordered {}\n"
      "misrouted {} (of {} flows), moved {}, corrupt {}, foreign {}\n",
      i.sent, t.seconds, per_second(i.sent, t.seconds), i.received,
      per_second(i.received, t.seconds), i.lost(), 100 * share_of(i.lost(), i.sent), t.lossy_flows,
      i.duplicated, i.reordered, i.misrouted, t.misrouted_flows, i.moved, i.corrupt, i.foreign);
  if (i.undecided)
    text += fmt::format(
        "{} came too late to tell whether they are duplicates: they count as lost\n", i.undecided);
  if (t.unstamped)
    text +=
        fmt::format("{} more were sent that have no stamp: nobody can check them\n", t.unstamped);
  if (t.not_sent) text += fmt::format("of the lost, {} were never sent by the port\n", t.not_sent);
  if (t.missed) text += fmt::format("of the lost, {} found no room at the port\n", t.missed);
  return text;
}

}  // namespace

Total total_of(const Interval& all, double seconds, const std::vector<uint32_t>& sent,
               uint64_t flood, const Checker& checker) {
  const Ledger& ledger = checker.ledger();
  Total t = {.all = all,
             .seconds = seconds,
             .flood = flood,
             .misrouted_flows = ledger.misrouted_flows(),
             .backends = {}};
  for (uint32_t flow = 0; flow < sent.size(); flow++) {
    t.flows += sent[flow] != 0;
    t.lossy_flows += ledger.arrived(flow) < sent[flow];
  }
  const std::vector<BackendCount>& backends = checker.backends();
  const std::vector<uint64_t> flows = ledger.flows_of_backends(backends.size());
  for (size_t i = 0; i < backends.size(); i++)
    t.backends.push_back({backends[i].backend.to_string(), backends[i].packets, flows[i]});
  std::ranges::sort(t.backends, [](const BackendShare& a, const BackendShare& b) {
    return std::pair(b.packets, a.address) < std::pair(a.packets, b.address);
  });
  return t;
}

std::string to_json(const Interval& second) {
  ordered_json out = {{"second", second.second}};
  add_counts(out, second);
  out["latency_ns"] = latency_of(second.latency);
  return out.dump();
}

std::string to_json(const Total& t) {
  ordered_json out = {{"seconds", std::round(t.seconds * 1000) / 1000}};
  add_counts(out, t.all);
  out["flows"] = t.flows;
  out["flood"] = t.flood;
  out["lossy_flows"] = t.lossy_flows;
  out["misrouted_flows"] = t.misrouted_flows;
  out["unstamped"] = t.unstamped;
  out["not_sent"] = t.not_sent;
  out["missed"] = t.missed;
  out["backends"] = ordered_json::array();
  for (const BackendShare& b : t.backends)
    out["backends"].push_back({{"address", b.address},
                               {"packets", b.packets},
                               {"share", share_of(b.packets, t.all.received)},
                               {"flows", b.flows}});
  out["latency_ns"] = latency_of(t.all.latency);
  out["pps_sent"] = per_second(t.all.sent, t.seconds);
  out["pps_received"] = per_second(t.all.received, t.seconds);
  return out.dump();
}

std::string second_titles() {
  return fmt::format("{:>6} {:>9} {:>9} {:>8} {:>6} {:>8} {:>8} {:>9} {:>9} {:>9}", "SECOND",
                     "SENT", "RECEIVED", "LOST", "TWICE", "REORDER", "MISROUTE", "P50 US", "P99 US",
                     "MAX US");
}

std::string to_line(const Interval& i) {
  return fmt::format("{:>6} {:>9} {:>9} {:>8} {:>6} {:>8} {:>8} {:>9} {:>9} {:>9}", i.second,
                     i.sent, i.received, i.lost(), i.duplicated, i.reordered, i.misrouted,
                     microseconds(i.latency.percentile(0.5)),
                     microseconds(i.latency.percentile(0.99)), microseconds(i.latency.most()));
}

std::string to_text(const Total& t, bool color) {
  std::string text = counts_text(t);
  if (t.all.latency.count() != 0) {
    text += "latency, us:";
    for (const auto& [name, share] : kPercentiles)
      text += fmt::format(" {} {},", name, microseconds(t.all.latency.percentile(share)));
    text += fmt::format(" max {}\n", microseconds(t.all.latency.most()));
  }
  cli::Table table({{"BACKEND"},
                    {"PACKETS", cli::Align::kRight},
                    {"SHARE", cli::Align::kRight},
                    {"FLOWS", cli::Align::kRight}},
                   color);
  for (const BackendShare& b : t.backends)
    table.add({b.address, std::to_string(b.packets),
               cli::human_share(share_of(b.packets, t.all.received)), std::to_string(b.flows)});
  return text + table.to_string();
}

std::string progress_of(const Interval& second, double elapsed, double seconds) {
  return fmt::format("{:.0f} of {:.0f} s: {}/s sent, {}/s back, {} lost", elapsed, seconds,
                     cli::human_count(second.sent), cli::human_count(second.received),
                     second.lost());
}

}  // namespace sluice::loadgen
