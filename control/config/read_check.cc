// SPDX-License-Identifier: Apache-2.0
// `check`, which may stand in the defaults, at a pool, or at a service with backends of its own.
#include <fmt/format.h>

#include <algorithm>

#include "config/checks.h"
#include "config/values.h"

namespace sluice {

namespace {

using std::chrono::hours, std::chrono::milliseconds, std::chrono::seconds;

constexpr DurationRange kEvery = {milliseconds(100), hours(1)};
constexpr DurationRange kTimeout = {milliseconds(1), hours(1)};
constexpr DurationRange kHoldDown = {seconds(0), hours(1)};
constexpr uint32_t kMostInARow = 100;

constexpr unsigned bit(CheckKind kind) {
  return 1u << unsigned(kind);
}

constexpr unsigned kTalk = bit(CheckKind::kTcp) | bit(CheckKind::kUdp);
constexpr unsigned kWeb = bit(CheckKind::kHttp) | bit(CheckKind::kHttps);
constexpr unsigned kAll = bit(CheckKind::kExec) * 2 - 1;

// Which kinds have a key that not all have.
struct KindKey {
  std::string_view key;
  unsigned kinds;
};

constexpr KindKey kKindKeys[] = {
    {"expect", kWeb},
    {"host", kWeb},
    {"body", kWeb},
    {"http2", kWeb},
    {"weight-from", kWeb},
    {"verify", bit(CheckKind::kHttps)},
    {"type", bit(CheckKind::kDns)},
    {"rcode", bit(CheckKind::kDns)},
};
// These may be said of any kind that is not known yet.
constexpr KindKey kCommonKeys[] = {
    {"port", kAll & ~bit(CheckKind::kIcmp)},
    {"via", kAll & ~bit(CheckKind::kExec)},
};

// What an operator who wrote the key may not have thought of.
struct Refusal {
  std::string_view key;
  unsigned kinds;
  std::string_view why;
};

constexpr Refusal kRefusals[] = {
    {"expect", kTalk, "it goes with \"send\", inside: {send: \"ping\", expect: \"pong\"}"},
    {"expect", bit(CheckKind::kDns), "\"rcode\" says which answers are good"},
    {"expect", bit(CheckKind::kGrpc), "only SERVING is good"},
    {"expect", bit(CheckKind::kIcmp), "any reply is good"},
    {"expect", bit(CheckKind::kExec), "exit status 0 is good, 1 bad, any other unknown"},
    {"verify", bit(CheckKind::kHttp), "without TLS there is no certificate (use https)"},
    {"http2", bit(CheckKind::kGrpc), "it always goes over HTTP/2"},
    {"port", bit(CheckKind::kIcmp), "ICMP has no ports"},
    {"via", bit(CheckKind::kExec),
     "a program goes its own way; the backend's address is in its environment"},
};

std::string_view text_of(CheckKind kind) {
  return std::find_if(std::begin(kCheckKinds), std::end(kCheckKinds),
                      [&](const Choice<CheckKind>& c) { return c.value == kind; })
      ->text;
}

// "http, https"
std::string texts_of(unsigned kinds) {
  std::vector<std::string_view> texts;
  for (const Choice<CheckKind>& c : kCheckKinds)
    if (kinds & bit(*c.value)) texts.push_back(c.text);
  return fmt::format("{}", fmt::join(texts, ", "));
}

struct GivenKind {
  CheckKind kind;
  const Node* value;
};

// The kind that the block gives; of several the first.
std::optional<GivenKind> find_kind(const Block& block, Report& report) {
  std::vector<GivenKind> given;
  for (const Choice<CheckKind>& c : kCheckKinds)
    if (const Node* value = block.find(c.text)) given.push_back({*c.value, value});
  if (given.empty()) return std::nullopt;
  std::sort(given.begin(), given.end(), [](const GivenKind& a, const GivenKind& b) {
    return a.value->key->at < b.value->key->at;
  });
  for (size_t i = 1; i < given.size(); i++)
    complain(report, *given[i].value->key,
             fmt::format("\"{}\" beside \"{}\": a check has one kind", text_of(given[i].kind),
                         text_of(given[0].kind)));
  return given[0];
}

void complain_of_key(const Node& key, CheckKind kind, unsigned kinds, Report& report) {
  const Refusal* const refusal = std::find_if(
      std::begin(kRefusals), std::end(kRefusals),
      [&](const Refusal& r) { return r.key == key.text && (r.kinds & bit(kind)) != 0; });
  complain(report, key,
           fmt::format("{} is not for {}: {}", quoted(key.text), text_of(kind),
                       refusal == std::end(kRefusals) ? "it is for " + texts_of(kinds)
                                                      : std::string(refusal->why)));
}

// Reports keys that the kind has not. False if there are any.
bool check_kind_keys(const Block& block, std::optional<CheckKind> kind, Report& report) {
  bool good = true;
  for (const KindKey& k : kKindKeys) {
    const Node* const value = block.find(k.key);
    if (!value || (kind && (k.kinds & bit(*kind)) != 0)) continue;
    good = false;
    if (kind)
      complain_of_key(*value->key, *kind, k.kinds, report);
    else
      complain(report, *value->key,
               fmt::format("{} needs a kind beside it ({})", quoted(k.key), texts_of(k.kinds)));
  }
  for (const KindKey& k : kCommonKeys) {
    const Node* const value = block.find(k.key);
    if (!value || !kind || (k.kinds & bit(*kind)) != 0) continue;
    good = false;
    complain_of_key(*value->key, *kind, k.kinds, report);
  }
  return good;
}

// A timeout that is not given is no longer than the time between two probes.
void read_times(const Block& block, Check& check, Report& report) {
  const Node *const every = block.find("every"), *const timeout = block.find("timeout");
  const std::optional<milliseconds> new_every =
      every ? read_duration(*every, kEvery, report) : check.every;
  check.every = new_every.value_or(check.every);
  if (!timeout) {
    check.timeout = std::min(check.timeout, check.every);
    return;
  }
  check.timeout = read_duration(*timeout, kTimeout, report).value_or(milliseconds(0));
  if (new_every && check.timeout > check.every)
    complain(report, *timeout,
             fmt::format("{} is longer than \"every\", {}: a probe ends before the next begins",
                         excerpt(timeout->text), duration_text(check.every)));
}

void read_common_keys(const Block& block, Check& check, Report& report) {
  if (const Node* port = block.find("port"))
    check.port = uint16_t(read_number(*port, 1, 65535, report).value_or(0));
  if (const Node* via = block.find("via"))
    check.via = read_choice(*via, kCheckPaths, report).value_or(check.via);
  read_times(block, check, report);
  if (const Node* rise = block.find("rise"))
    check.rise = read_number(*rise, 1, kMostInARow, report).value_or(check.rise);
  if (const Node* fall = block.find("fall"))
    check.fall = read_number(*fall, 1, kMostInARow, report).value_or(check.fall);
  if (const Node* hold_down = block.find("hold-down"))
    check.hold_down = read_seconds(*hold_down, kHoldDown, report).value_or(check.hold_down);
}

// No less than what is read from the node takes.
size_t bytes_of(const Node& node) {
  size_t bytes = sizeof(std::string) + node.text.size();
  for (const Node* item : node.items) bytes += bytes_of(*item);
  return bytes;
}

// What the node says, and `defaults` where it says nothing.
CheckDefaults read_over(const Node& node, const CheckDefaults& defaults, Report& report) {
  CheckDefaults result = defaults;
  const Block block(node, kCheckKeys, "{tcp: connect}", report);
  if (const std::optional<GivenKind> given = find_kind(block, report)) {
    result.kind = given->kind;
    read_probe(*given->value, given->kind, result.check, report);
  }
  if (check_kind_keys(block, result.kind, report)) read_probe_keys(block, result.check, report);
  read_common_keys(block, result.check, report);
  return result;
}

}  // namespace

CheckDefaults read_default_check(const Node& node, Report& report) {
  CheckDefaults defaults = read_over(node, {}, report);
  defaults.bytes = bytes_of(node);
  return defaults;
}

std::optional<Check> read_check(const Node& node, const CheckDefaults& defaults, Report& report) {
  const CheckDefaults result = read_over(node, defaults, report);
  if (!result.kind && node.kind == Node::Kind::kMap)
    complain_at_key(
        report, node,
        fmt::format("a check has a kind, such as {{tcp: connect}}: one of {}", texts_of(kAll)));
  return default_check(result);
}

std::optional<Check> default_check(const CheckDefaults& defaults) {
  if (!defaults.kind) return std::nullopt;
  Check check = defaults.check;
  if (defaults.kind == CheckKind::kIcmp) check.port = 0;
  if (defaults.kind == CheckKind::kExec) check.via = CheckPath::kDirect;
  return check;
}

}  // namespace sluice
