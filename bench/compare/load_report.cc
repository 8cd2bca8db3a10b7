// SPDX-License-Identifier: Apache-2.0
#include "compare/load_report.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

namespace sluice::bench {

namespace {

using nlohmann::json;

std::vector<json> objects_of(const std::string& printed) {
  std::vector<json> out;
  std::istringstream text(printed);
  for (std::string line; std::getline(text, line);)
    if (json j = json::parse(line, nullptr, /*allow_exceptions=*/false); j.is_object())
      out.push_back(std::move(j));
  return out;
}

// Remembers what is missing, or is no number.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  template <class T>
  T number(const char* key) {
    const auto found = object_.find(key);
    if (found != object_.end() && found->is_number()) return found->get<T>();
    missing_ += std::string(missing_.empty() ? "" : ", ") + key;
    return {};
  }
  uint64_t count(const char* key) { return number<uint64_t>(key); }
  const std::string& missing() const { return missing_; }

 private:
  const json& object_;
  std::string missing_;
};

Error lacks(const std::string& what) {
  return Error{"bench-loadgen does not say: " + what};
}

Result<std::optional<Delays>> delays_of(const json& total) {
  const auto found = total.find("latency_ns");
  if (found == total.end()) return lacks("latency_ns");
  if (found->is_null()) return std::optional<Delays>();
  Reader r(*found);
  const Delays delays = {.p50 = r.count("p50"),
                         .p90 = r.count("p90"),
                         .p99 = r.count("p99"),
                         .p999 = r.count("p999"),
                         .most = r.count("max")};
  if (!r.missing().empty()) return lacks(r.missing());
  return std::optional(delays);
}

}  // namespace

Result<LoadReport> read_load_report(const std::string& printed) {
  for (const json& object : objects_of(printed)) {
    if (!object.contains("seconds")) continue;
    Reader r(object);
    LoadReport report = {.seconds = r.number<double>("seconds"),
                         .rate = r.number<double>("pps_sent"),
                         .flows = r.count("flows"),
                         .sent = r.count("sent"),
                         .lost = r.count("lost"),
                         .duplicated = r.count("duplicated"),
                         .reordered = r.count("reordered"),
                         .misrouted = r.count("misrouted"),
                         .corrupt = r.count("corrupt"),
                         .unsent = r.count("not_sent") + r.count("missed"),
                         .lossy_flows = r.count("lossy_flows"),
                         .misrouted_flows = r.count("misrouted_flows"),
                         .delays = {}};
    if (!r.missing().empty()) return lacks(r.missing());
    Result<std::optional<Delays>> delays = delays_of(object);
    if (!delays) return delays.error();
    report.delays = *delays;
    return report;
  }
  return Error{"bench-loadgen has printed no total: " + printed};
}

bool tells_a_second(const std::string& printed) {
  for (const json& object : objects_of(printed))
    if (object.contains("second")) return true;
  return false;
}

}  // namespace sluice::bench
