// SPDX-License-Identifier: Apache-2.0
// backend and node drain, ready, disable and auto: what operators say beside the configuration.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "api/backend_order.h"
#include "api/client.h"
#include "base/log.h"
#include "cli/backend_text.h"
#include "cli/duration.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "cli/wait.h"

namespace sluice::cli {

namespace {

using What = api::BackendOrder::What;

constexpr const char* kFor = "--for";
constexpr const char* kReason = "--reason";
constexpr const char* kWait = "--wait";
constexpr const char* kTimeout = "--timeout";
constexpr const char* kQuiet = "--quiet";
constexpr std::chrono::seconds kUsualQuiet(30);

std::string check_duration(const std::string& value) {
  return duration_of(value, api::kLongestOverride)
             ? ""
             : value + " is not a duration such as 90s, 10m, 2h or 7d, 366d at most";
}

std::string check_reason(const std::string& value) {
  return api::read_order(api::to_body({.what = What::kDrain, .reason = value}))
             ? ""
             : "the reason is not one line of at most 200 bytes";
}

constexpr VerbOption kOptions[] = {
    {kFor, "DURATION", "undo it after that time (90s, 10m, 2h, 7d); without it, it stays", false,
     check_duration},
    {kReason, "TEXT", "why, for those who will wonder", false, check_reason},
    {kWait, "", "until it has come to that"},
    {kTimeout, "DURATION", "wait so long at most; the override stays", false, check_duration},
    {kQuiet, "DURATION", "so long without a packet is idle (30s; only with --wait)", false,
     check_duration},
};
constexpr size_t kWithoutQuiet = 4;

// Who asks, in words: behind root there may be anybody. The daemon adds what it knows for certain.
std::string who() {
  const char* const sudo = ::getuid() == 0 ? std::getenv("SUDO_USER") : nullptr;
  const passwd* const entry = sudo ? nullptr : ::getpwuid(::getuid());
  const std::string name = sudo ? sudo : entry ? entry->pw_name : "";
  const bool can_be_said = api::read_order(api::to_body({.by = name})).has_value();
  return can_be_said ? name : "";
}

// Whom a verb means: the road to it, and how the verb is called.
struct Target {
  std::string path;
  bool is_node = false;
};

Result<Target> backend_target(const std::string& argument) {
  const Result<api::BackendName> name = api::read_backend_name(argument);
  if (!name) return name.error();
  return Target{"/v1/backends/" + api::path_segment(name->pool) + "/" +
                api::path_segment(name->backend)};
}

Result<Target> node_target(const std::string& argument) {
  if (!IpAddress::parse(argument)) return Error{argument + " is not an address"};
  return Target{"/v1/nodes/" + api::path_segment(argument), /*is_node=*/true};
}

api::BackendOrder order_of(const Options& options, What what) {
  api::BackendOrder order = {.what = what, .by = who()};
  if (const std::string* lasts = options.find(kFor))
    order.lasts = *duration_of(*lasts, api::kLongestOverride);
  if (const std::string* reason = options.find(kReason)) order.reason = *reason;
  return order;
}

WaitFor wait_of(const Options& options, What what) {
  WaitFor out = {.goal = what == What::kReady ? Goal::kGetsFlows : Goal::kNothingLeft,
                 .quiet = kUsualQuiet,
                 .timeout = {}};
  if (const std::string* quiet = options.find(kQuiet))
    out.quiet = *duration_of(*quiet, api::kLongestOverride);
  if (const std::string* timeout = options.find(kTimeout))
    out.timeout = duration_of(*timeout, api::kLongestOverride);
  return out;
}

std::string line_of(const api::PoolBackend& b) {
  std::string out = fmt::format("{} ({}): {}", api::name_of(b), b.address, b.state);
  if (!b.overrides.empty() && !b.overrides[0].until.empty())
    out += fmt::format(" until {} (in {})", b.overrides[0].until,
                       human_duration(b.overrides[0].ends_in));
  if (b.remaining.known) out += "; left: " + remaining_text(b.remaining);
  return printable(out) + "\n";
}

// The machine has other backends, which an order about one does not mean.
std::string also_line(const api::PoolBackend& b, What what) {
  if (b.also.empty() || what == What::kReady || what == What::kAuto) return "";
  return printable(fmt::format("{} is {} as well, and gets packets as such: `sluicectl node {} {}` "
                               "means all of its backends",
                               b.address, comma_separated(b.also), api::word_for(what),
                               b.address)) +
         "\n";
}

void report(const api::Overridden& done, What what, bool is_node) {
  if (!done.changed)
    fmt::print("nothing changes, it was so already\n");
  else if (done.backends.empty())
    fmt::print("undone; the configuration has no such backend\n");
  for (const api::PoolBackend& b : done.backends) {
    fmt::print("{}", line_of(b));
    if (!is_node) fmt::print("{}", also_line(b, what));
  }
}

// What can be known of a backend from which nothing is seen any more.
std::string end_of_drain(const api::Remaining& left) {
  if (left.slots == 0 && left.closing == 0)
    return "nothing is left: no flow is remembered, and no slot would send it a packet\n";
  std::string out =
      fmt::format("nothing that talks is left: no flow is remembered, and no packet came for {}\n",
                  human_duration(left.quiet));
  if (const std::string unseen = unseen_text(left); !unseen.empty())
    out += "not counted: " + unseen + "\n";
  return out;
}

Error too_late(const Waited& waited, const WaitFor& what) {
  const api::Remaining left = sum_of(waited.backends);
  std::string why = waited.judgement.why;
  if (what.goal == Goal::kNothingLeft && left.known)
    why += (why.empty() ? "left: " : "; left: ") + remaining_text(left);
  return Error{fmt::format("after {}: {}", human_duration(waited.seconds), why)};
}

int print_waited(api::Overridden done, const Waited& waited) {
  const bool reached = waited.judgement.kind == Judgement::kReached;
  done.backends = waited.backends;
  nlohmann::json document = done;
  document["reached"] = reached;
  document["waited"] = waited.seconds;
  document["why"] = waited.judgement.why;
  print_json(document);
  return reached ? 0 : 1;
}

Result<int> wait(const Options& options, const std::string& path, const api::Overridden& done,
                 What what) {
  const WaitFor wanted = wait_of(options, what);
  std::fflush(stdout);
  const Result<Waited> waited = wait_for(options.socket_path(), path, wanted);
  if (!waited) return waited.error();
  if (options.json()) return print_waited(done, *waited);
  if (waited->judgement.kind != Judgement::kReached) return too_late(*waited, wanted);
  fmt::print("{}", wanted.goal == Goal::kNothingLeft ? end_of_drain(sum_of(waited->backends))
                                                     : "new flows come\n");
  return 0;
}

// Before anything is touched.
Result<void> check_wait(const Options& options) {
  for (const char* of_wait : {kTimeout, kQuiet})
    if (options.find(of_wait) && !options.find(kWait))
      return Error{std::string(of_wait) + " has no meaning without " + kWait};
  return {};
}

Result<int> override_by(const Options& options, const Result<Target>& target, What what) {
  if (!target) return target.error();
  if (Result<void> r = check_wait(options); !r) return r.error();
  const Result<api::Reply> reply =
      api::post_body(options.socket_path(), target->path, api::to_body(order_of(options, what)));
  if (!reply) return reply.error();
  if (!reply->ok()) return api::refusal(*reply);
  const Result<api::Overridden> done = api::from_document<api::Overridden>(reply->document);
  if (!done) return done.error();
  if (!done->trouble.empty())
    fmt::print(stderr, "sluicectl: WARNING: it will not survive a restart of sluiced: {}\n",
               printable(done->trouble));
  const bool waits = options.find(kWait);
  if (options.json() && !waits) return print_json(reply->document);
  if (!options.json()) report(*done, what, target->is_node);
  return waits ? wait(options, target->path, *done, what) : 0;
}

}  // namespace

std::span<const VerbOption> drain_options() {
  return kOptions;
}
std::span<const VerbOption> override_options() {
  return std::span(kOptions).first(kWithoutQuiet);
}

Result<int> backend_drain(const Options& options, Verb::Arguments arguments) {
  return override_by(options, backend_target(arguments[0]), What::kDrain);
}
Result<int> backend_ready(const Options& options, Verb::Arguments arguments) {
  return override_by(options, backend_target(arguments[0]), What::kReady);
}
Result<int> backend_disable(const Options& options, Verb::Arguments arguments) {
  return override_by(options, backend_target(arguments[0]), What::kDisable);
}
Result<int> backend_auto(const Options& options, Verb::Arguments arguments) {
  return override_by(options, backend_target(arguments[0]), What::kAuto);
}
Result<int> node_drain(const Options& options, Verb::Arguments arguments) {
  return override_by(options, node_target(arguments[0]), What::kDrain);
}
Result<int> node_ready(const Options& options, Verb::Arguments arguments) {
  return override_by(options, node_target(arguments[0]), What::kReady);
}
Result<int> node_disable(const Options& options, Verb::Arguments arguments) {
  return override_by(options, node_target(arguments[0]), What::kDisable);
}
Result<int> node_auto(const Options& options, Verb::Arguments arguments) {
  return override_by(options, node_target(arguments[0]), What::kAuto);
}

}  // namespace sluice::cli
