// SPDX-License-Identifier: Apache-2.0
#include "cli/wait.h"

#include <fmt/format.h>
#include <unistd.h>

#include <thread>

#include "api/client.h"
#include "base/log.h"
#include "cli/human.h"
#include "cli/progress.h"

namespace sluice::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kInterval(1000);
constexpr std::chrono::seconds kRestart(30);

Result<std::vector<api::PoolBackend>> backends_of(const nlohmann::json& document) {
  if (document.is_array()) return api::from_document<std::vector<api::PoolBackend>>(document);
  Result<api::PoolBackend> one = api::from_document<api::PoolBackend>(document);
  if (!one) return one.error();
  return std::vector<api::PoolBackend>{std::move(*one)};
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string line_of(const Waited& now) {
  const std::string left = remaining_text(sum_of(now.backends)) + " left";
  return printable(fmt::format("{} so far: {}", human_duration(now.seconds),
                               now.judgement.why.empty() ? left : now.judgement.why));
}

}  // namespace

Result<Waited> wait_for(const std::string& socket_path, const std::string& path,
                        const WaitFor& what) {
  Progress progress(::isatty(STDERR_FILENO));
  const Clock::time_point begin = Clock::now();
  Clock::time_point answered = begin;
  Waited now;
  for (;; std::this_thread::sleep_for(kInterval)) {
    const Result<api::Reply> reply = api::get_reply(socket_path, path);
    if (!reply && Clock::now() - answered > kRestart) return reply.error();
    if (reply && !reply->ok()) return api::refusal(*reply);
    now.seconds = seconds_since(begin);
    if (reply) {
      answered = Clock::now();
      Result<std::vector<api::PoolBackend>> backends = backends_of(reply->document);
      if (!backends) return backends.error();
      now.backends = std::move(*backends);
      now.judgement = judge(now.backends, what.goal, what.quiet);
      if (now.judgement.kind != Judgement::kNotYet) return now;
    }
    if (what.timeout && now.seconds >= double(what.timeout->count())) return now;
    progress.say(line_of(now));
  }
}

}  // namespace sluice::cli
