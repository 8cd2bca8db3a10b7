// SPDX-License-Identifier: Apache-2.0
// Where configurations are handed in: applied, confirmed or undone, remembered, put back.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/server.h"
#include "base/event_loop.h"
#include "daemon/beginning.h"
#include "daemon/config_store.h"

namespace sluice {

// How a configuration comes into force; a test has its own.
struct Road {
  // What it would change; an error if it would be refused. Touches nothing.
  std::function<Result<api::ConfigDiff>(const Config&)> preview;
  // On an error the old one serves on.
  std::function<Result<void>(const Config&)> put;
  std::function<uint64_t()> generation;
};

// While a change waits to be confirmed, no other is taken here; one that somebody writes into the
// file himself confirms it.
class ConfigDesk {
 public:
  using Seconds = std::chrono::seconds;

  ConfigDesk(EventLoop& loop, Road road, std::string file, ConfigStore store);

  // The first one is in force.
  void begin(const Beginning& beginning);

  Result<api::Checked<api::ConfigDiff>> diff(std::string_view text) const;
  // Puts `text` in force and into the file; all or nothing. With `confirm` (not 0) only for so
  // long, unless confirm() is called meanwhile.
  Result<api::Checked<api::ConfigApplied>> apply(std::string_view text, Seconds confirm);
  Result<void> confirm();
  // The text of history()[n] as by apply(); while a change waits, the first one is its undoing.
  Result<api::ConfigApplied> rollback(size_t n, Seconds confirm);

  // Newest first.
  std::vector<api::ConfigEntry> history() const;
  // None: there are not so many.
  Result<std::optional<api::ConfigText>> show(size_t n) const;

  // Whether what the file says now may be put in force: not if it is what was not confirmed.
  Result<void> may_take(const std::string& text) const;
  // Somebody wrote `text` into the file, or nothing new, and it is in force.
  void taken_from_file(const std::string& text);

  const std::string& text() const { return text_; }
  // Until what waits is undone; none: nothing waits.
  std::optional<double> seconds_left() const;
  // Why nothing can be kept on the disk, or what is not confirmed cannot be undone; empty: all is
  // well.
  std::string trouble() const;

 private:
  Result<api::ConfigApplied> change(const std::string& text, const Config& config, Seconds confirm,
                                    const char* by);
  Result<void> put(const std::string& text, const Config& config, Seconds confirm);
  void take_back(const std::string& text);
  Result<void> undo(const char* by);
  Result<void> put_file_back();
  void undo_late();
  void wait(std::chrono::milliseconds delay);
  void forget_pending();
  void remember(const char* by);

  EventLoop& loop_;
  Road road_;
  std::string file_;
  ConfigStore store_;
  std::string text_;  // in force
  std::optional<PendingConfig> pending_;
  std::chrono::steady_clock::time_point undo_at_;
  std::optional<EventLoop::Source> timer_;
  std::string undo_trouble_;
};

}  // namespace sluice
