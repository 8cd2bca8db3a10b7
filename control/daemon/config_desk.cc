// SPDX-License-Identifier: Apache-2.0
#include "daemon/config_desk.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>

#include "base/log.h"
#include "config/reader.h"
#include "daemon/sealed_text.h"
#include "daemon/staged_file.h"

namespace sluice {

namespace {

using std::chrono::steady_clock;

constexpr mode_t kConfigMode = 0600;  // of a file that is new: there is a seed in it
constexpr std::chrono::seconds kTryAgain(10);

constexpr const char* kWaiting =
    "a change waits to be confirmed: `sluicectl config confirm` keeps it, `sluicectl config "
    "rollback` undoes it";

std::vector<api::ConfigError> errors_of(const Reading& reading) {
  std::vector<api::ConfigError> out;
  for (const Diagnostic& d : reading.errors)
    out.push_back({uint32_t(d.line), uint32_t(d.column), d.message});
  return out;
}

api::ConfigEntry report(const StoredConfig& e, uint64_t number) {
  return {.number = number,
          .at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time_t(e.at))),
          .by = e.by,
          .generation = e.generation,
          .sha256 = e.sha256,
          .services = e.services,
          .backends = e.backends};
}

uint64_t backends_of(const Config& config) {
  uint64_t n = 0;
  for (const auto& [name, pool] : config.pools) n += pool.backends.size();
  return n;
}

}  // namespace

ConfigDesk::ConfigDesk(EventLoop& loop, Road road, std::string file, ConfigStore store)
    : loop_(loop), road_(std::move(road)), file_(std::move(file)), store_(std::move(store)) {
}

void ConfigDesk::begin(const Beginning& beginning) {
  text_ = beginning.text;
  pending_ = beginning.pending;
  if (!pending_) {
    forget_pending();
    return remember("start");
  }
  // What waits is in the history already, unless we were killed just before that.
  if (!beginning.is_late) remember("apply");
  const int64_t left =
      std::clamp<int64_t>(pending_->deadline - std::time(nullptr), 0, pending_->timeout);
  if (!beginning.is_late)
    spdlog::warn("a change waits to be confirmed: it is undone in {} seconds", left);
  wait(std::chrono::seconds(left));
}

Result<api::Checked<api::ConfigDiff>> ConfigDesk::diff(std::string_view text) const {
  api::Checked<api::ConfigDiff> out;
  const Reading reading = read_config(text, "");
  out.errors = errors_of(reading);
  if (!reading.config) return out;
  Result<api::ConfigDiff> difference = road_.preview(*reading.config);
  if (!difference) return difference.error();
  out.document = std::move(*difference);
  out.document.text_changes = text != text_;
  return out;
}

Result<api::Checked<api::ConfigApplied>> ConfigDesk::apply(std::string_view text, Seconds confirm) {
  if (pending_) return Error{kWaiting};
  api::Checked<api::ConfigApplied> out;
  const Reading reading = read_config(text, "");
  out.errors = errors_of(reading);
  if (!reading.config) return out;
  Result<api::ConfigApplied> applied = change(std::string(text), *reading.config, confirm, "apply");
  if (!applied) return applied.error();
  out.document = std::move(*applied);
  return out;
}

// What could refuse it is asked before anything is touched.
Result<api::ConfigApplied> ConfigDesk::change(const std::string& text, const Config& config,
                                              Seconds confirm, const char* by) {
  Result<api::ConfigDiff> difference = road_.preview(config);
  if (!difference) return difference.error();
  difference->text_changes = text != text_;
  if (Result<void> r = put(text, config, confirm); !r) return r.error();
  spdlog::info("{}: generation {} is in force", by, road_.generation());
  remember(by);
  api::ConfigApplied out = {.diff = std::move(*difference), .generation = road_.generation()};
  if (confirm.count() == 0) return out;
  spdlog::warn("it is undone in {} seconds, unless it is confirmed", confirm.count());
  wait(confirm);
  out.confirm_in = double(confirm.count());
  return out;
}

// The order matters to who is killed half way: with what waits on the disk, but the old file, a
// start begins with the old file; with the new file, with the rest of its time.
Result<void> ConfigDesk::put(const std::string& text, const Config& config, Seconds confirm) {
  Result<StagedFile> staged = StagedFile::write(file_, text, kConfigMode);
  if (!staged) return staged.error();
  if (confirm.count() != 0) {
    const PendingConfig pending = {.deadline = std::time(nullptr) + confirm.count(),
                                   .timeout = confirm.count(),
                                   .after = sha256(text),
                                   .before = text_};
    if (Result<void> r = store_.put_pending(pending); !r) return r;
    pending_ = pending;
  }
  Result<void> done = road_.put(config);
  if (done) {
    done = staged->commit();
    if (!done) take_back(text);
  }
  if (!done) {
    forget_pending();
    return done;
  }
  text_ = text;
  return {};
}

// The file could not be replaced, or not for certain.
void ConfigDesk::take_back(const std::string& text) {
  Result<Config> config = valid_config(text_, "what was before");
  Result<void> done = config ? road_.put(*config) : config.error();
  const Result<std::string> now = read_config_text(file_);
  if (done && now && *now == text) done = replace_file(file_, text_, kConfigMode);
  if (!done) spdlog::error("what was before cannot be put back: {}", done.error().message);
}

Result<void> ConfigDesk::confirm() {
  if (!pending_) return Error{"nothing waits to be confirmed"};
  // A start would undo it: what is confirmed must be so on the disk.
  if (Result<void> r = store_.remove_pending(); !r) return r;
  forget_pending();
  spdlog::info("the change is confirmed");
  return {};
}

Result<api::ConfigApplied> ConfigDesk::rollback(size_t n, Seconds confirm) {
  if (pending_) {
    if (n != 1 || confirm.count() != 0) return Error{kWaiting};
    if (Result<void> r = undo("rollback"); !r) return r.error();
    return api::ConfigApplied{.generation = road_.generation()};
  }
  if (store_.entries().empty() || store_.entries().front().sha256 != sha256(text_))
    return Error{"the history does not have what is in force: " + store_.trouble()};
  Result<std::string> text = store_.text(n);
  if (!text) return text.error();
  Result<Config> config = valid_config(*text, fmt::format("history {}", n));
  if (!config) return config.error();
  return change(*text, *config, confirm, "rollback");
}

// Puts back what was before the change that waits. What somebody has written into the file
// meanwhile, and was refused, is not ours to overwrite.
Result<void> ConfigDesk::undo(const char* by) {
  Result<Config> config = valid_config(pending_->before, "what was before");
  if (!config) return config.error();
  if (Result<void> r = road_.put(*config); !r) return r;
  text_ = pending_->before;
  if (Result<void> r = put_file_back(); !r) return r;
  remember(by);
  forget_pending();
  spdlog::warn("{}: what was before is in force again, as generation {}", by, road_.generation());
  return {};
}

Result<void> ConfigDesk::put_file_back() {
  const Result<std::string> now = read_config_text(file_);
  if (now && sha256(*now) == pending_->after)
    return replace_file(file_, pending_->before, kConfigMode);
  if (!now || *now != pending_->before)
    spdlog::warn("{} is not what was applied: it stays as it is", file_);
  return {};
}

void ConfigDesk::undo_late() {
  spdlog::warn("the change was not confirmed in time");
  const Result<void> done = undo("confirm-timeout");
  undo_trouble_ =
      done ? "" : "the change that was not confirmed is there yet: " + done.error().message;
  if (done) return;
  spdlog::error("{}", undo_trouble_);
  wait(kTryAgain);
}

void ConfigDesk::wait(std::chrono::milliseconds delay) {
  undo_at_ = steady_clock::now() + delay;
  Result<EventLoop::Source> timer = loop_.after(delay, [this] { undo_late(); });
  if (timer)
    timer_ = std::move(*timer);
  else
    spdlog::error("{}", timer.error().message);
}

void ConfigDesk::forget_pending() {
  timer_.reset();
  pending_.reset();
  undo_trouble_.clear();
  if (Result<void> r = store_.remove_pending(); !r) spdlog::error("{}", r.error().message);
}

// What is in force is the newest in the history, once.
void ConfigDesk::remember(const char* by) {
  const std::string hash = sha256(text_);
  if (!store_.entries().empty() && store_.entries().front().sha256 == hash) return;
  const Reading reading = read_config(text_, "");
  StoredConfig entry = {
      .at = std::time(nullptr), .by = by, .generation = road_.generation(), .sha256 = hash};
  if (reading.config) {
    entry.services = reading.config->services.size();
    entry.backends = backends_of(*reading.config);
  }
  if (Result<void> r = store_.add(std::move(entry), text_); !r)
    spdlog::warn("the configuration in force is not in the history: {}", r.error().message);
}

std::vector<api::ConfigEntry> ConfigDesk::history() const {
  std::vector<api::ConfigEntry> out;
  for (const StoredConfig& e : store_.entries()) out.push_back(report(e, out.size()));
  return out;
}

Result<std::optional<api::ConfigText>> ConfigDesk::show(size_t n) const {
  if (n >= store_.entries().size()) return std::optional<api::ConfigText>();
  Result<std::string> text = store_.text(n);
  if (!text) return text.error();
  return std::optional(api::ConfigText{report(store_.entries()[n], n), std::move(*text)});
}

Result<void> ConfigDesk::may_take(const std::string& text) const {
  if (!pending_ || text == text_ || sha256(text) != pending_->after) return {};
  return Error{file_ + " has what was not confirmed in time"};
}

void ConfigDesk::taken_from_file(const std::string& text) {
  if (pending_ && text != text_) {
    spdlog::warn("{} was changed while a change waited to be confirmed: that confirms", file_);
    forget_pending();
  }
  text_ = text;
  remember("file");
}

std::optional<double> ConfigDesk::seconds_left() const {
  if (!pending_) return std::nullopt;
  const std::chrono::duration<double> left = undo_at_ - steady_clock::now();
  return std::max(0.0, left.count());
}

std::string ConfigDesk::trouble() const {
  return undo_trouble_.empty() ? store_.trouble() : undo_trouble_;
}

}  // namespace sluice
