// SPDX-License-Identifier: Apache-2.0
#include "health/saved_verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "base/log.h"

namespace sluice::health {

namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr size_t kLongestText = 64u << 20;
constexpr size_t kLongestAnswer = 1000;
// Times further away are nobody's, and would overflow.
constexpr Duration kLongest = std::chrono::hours(24 * 365 * 10);
constexpr State kStates[] = {State::kNew, State::kUp, State::kDown, State::kDead};

Json json_of(Duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}
Json json_of(const std::optional<Duration>& d) {
  return d ? json_of(*d) : Json();
}

// What is as in a new SavedVerdict is left out: there are thousands, and most are well.
Json json_of(const SavedVerdict& v) {
  static const SavedVerdict usual;
  Json users = Json::array();
  for (const BackendRef& user : v.users) users.push_back({user.pool, user.backend});
  Json j = {{"target", v.target},
            {"backend", v.backend.to_string()},
            {"users", std::move(users)},
            {"state", name_of(v.state)},
            {"age_ms", json_of(v.age)}};
  const auto add = [&](const char* name, const auto& value, const auto& if_usual, auto json) {
    if (value != if_usual) j[name] = std::move(json);
  };
  add("came_up_ms", v.came_up, usual.came_up, json_of(v.came_up));
  add("held_for_ms", v.held_for, usual.held_for, json_of(v.held_for));
  add("kept_for_ms", v.kept_for, usual.kept_for, json_of(v.kept_for));
  add("proven", v.proven, usual.proven, v.proven);
  add("good", v.good, usual.good, v.good);
  add("bad", v.bad, usual.bad, v.bad);
  add("unknown", v.unknown, usual.unknown, v.unknown);
  add("flaps", v.flaps, usual.flaps, v.flaps);
  add("percent", v.percent, usual.percent, v.percent);
  add("smoothed", v.smoothed, usual.smoothed, v.smoothed);
  add("last", v.last, usual.last, v.last);
  return j;
}

// The readers throw where they find anything else; read_verdicts() catches.
[[noreturn]] void refuse(const char* why) {
  throw std::runtime_error(why);
}

// Numbers of JSON would be converted silently, and wrap.
uint64_t number_of(const Json& j, uint64_t most) {
  if (!j.is_number_unsigned() || j.get<uint64_t>() > most) refuse("a number out of range");
  return j.get<uint64_t>();
}
uint32_t count_of(const Json& j) {
  return uint32_t(number_of(j, UINT32_MAX));
}
Duration duration_of(const Json& j) {
  const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(kLongest).count();
  return std::chrono::milliseconds(int64_t(number_of(j, uint64_t(most))));
}

State state_of(const Json& j) {
  const std::string name = j.get<std::string>();
  for (const State s : kStates)
    if (name == name_of(s)) return s;
  refuse("an unknown state");
}

IpAddress address_of(const Json& j) {
  const std::optional<IpAddress> address = IpAddress::parse(j.get<std::string>());
  if (!address) refuse("no address");
  return *address;
}

double smoothed_of(const Json& j) {
  const double value = j.get<double>();
  if (!std::isfinite(value) || value < 0 || value > 10) refuse("a weight out of range");
  return value;
}

uint32_t percent_of(const Json& j) {
  const uint32_t percent = uint32_t(number_of(j, 1000));
  if (percent == 0 || percent % 5 != 0) refuse("a weight out of range");
  return percent;
}

std::string answer_of(const Json& j) {
  return printable(j.get<std::string>().substr(0, kLongestAnswer));
}

// Reads the field `name` into `value`, if there is one.
template <class T, class Read>
void take(const Json& j, const char* name, T& value, Read read) {
  if (const auto it = j.find(name); it != j.end()) value = read(*it);
}

SavedVerdict verdict_of(const Json& j) {
  SavedVerdict v;
  v.target = number_of(j.at("target"), UINT64_MAX);
  v.backend = address_of(j.at("backend"));
  for (const Json& user : j.at("users"))
    v.users.push_back({user.at(0).get<std::string>(), user.at(1).get<std::string>()});
  v.state = state_of(j.at("state"));
  v.age = duration_of(j.at("age_ms"));
  take(j, "came_up_ms", v.came_up, duration_of);
  take(j, "held_for_ms", v.held_for, duration_of);
  take(j, "kept_for_ms", v.kept_for, duration_of);
  take(j, "proven", v.proven, [](const Json& each) { return each.get<bool>(); });
  take(j, "good", v.good, count_of);
  take(j, "bad", v.bad, count_of);
  take(j, "unknown", v.unknown, count_of);
  take(j, "flaps", v.flaps, count_of);
  take(j, "percent", v.percent, percent_of);
  take(j, "smoothed", v.smoothed, smoothed_of);
  take(j, "last", v.last, answer_of);
  return v;
}

std::vector<SavedVerdict> verdicts_of(const Json& j) {
  if (number_of(j.at("version"), UINT32_MAX) != kVersion) refuse("another version wrote them");
  std::vector<SavedVerdict> verdicts;
  std::set<TargetId> seen;
  for (const Json& each : j.at("verdicts")) {
    verdicts.push_back(verdict_of(each));
    if (!seen.insert(verdicts.back().target).second) refuse("two verdicts on one target");
  }
  return verdicts;
}

}  // namespace

SavedVerdict saved_of(const Case& c, Time now) {
  const auto ago = [&](const std::optional<Time>& t) {
    return t ? std::optional<Duration>(now - *t) : std::nullopt;
  };
  return {.target = c.target.id,
          .backend = c.target.backend,
          .users = c.target.users,
          .state = c.state,
          .age = now - c.since,
          .came_up = ago(c.came_up),
          .held_for = c.held_until
                          ? std::optional<Duration>(std::max(*c.held_until - now, Duration(0)))
                          : std::nullopt,
          // Of no meaning before it has gone down.
          .kept_for = c.state == State::kDown ? now - c.kept_from : Duration(0),
          .proven = c.proven,
          .good = c.good,
          .bad = c.bad,
          .unknown = c.unknown,
          .flaps = c.flaps,
          .percent = c.wish.percent,
          .smoothed = c.wish.smoothed,
          .last = c.last};
}

Case restored(const SavedVerdict& saved, Time now) {
  const auto at = [&](const std::optional<Duration>& ago) {
    return ago ? std::optional<Time>(now - *ago) : std::nullopt;
  };
  Case c;
  c.target.id = saved.target;
  c.target.backend = saved.backend;
  c.target.users = saved.users;
  c.state = saved.state;
  c.since = now - saved.age;
  c.came_up = at(saved.came_up);
  if (saved.held_for) c.held_until = now + *saved.held_for;
  c.proven = saved.proven;
  c.good = saved.good;
  c.bad = saved.bad;
  c.unknown = saved.unknown;
  c.bad_since = now;
  c.kept_from = now - saved.kept_for;
  c.flaps = saved.flaps;
  c.wish = {.smoothed = saved.smoothed, .percent = saved.percent, .applied = now};
  c.last = saved.last;
  return c;
}

// What may not be UTF-8 is replaced: a name of an operator is no reason to save nothing.
std::string write_verdicts(const std::vector<SavedVerdict>& verdicts) {
  Json all = Json::array();
  for (const SavedVerdict& v : verdicts) all.push_back(json_of(v));
  const Json document = {{"version", kVersion}, {"verdicts", std::move(all)}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::vector<SavedVerdict>> read_verdicts(std::string_view text) {
  if (text.size() > kLongestText) return Error{"read the saved verdicts: they are too long"};
  try {
    return verdicts_of(Json::parse(text));
  } catch (const std::exception& e) {  // nlohmann's, and ours
    return Error{fmt::format("read the saved verdicts: {}", printable(e.what()))};
  }
}

}  // namespace sluice::health
