// SPDX-License-Identifier: Apache-2.0
#include "daemon/config_watch.h"

#include <sys/inotify.h>

#include <filesystem>
#include <optional>

#include "base/log.h"

namespace sluice {

namespace {

constexpr std::chrono::milliseconds kSettle(50);

}  // namespace

struct ConfigWatch::State {
  EventLoop& loop;
  UniqueFd inotify;
  EventLoop::Callback on_change;
  EventLoop::Source events;
  std::optional<EventLoop::Source> settle = {};

  void drain() {
    char buffer[4096];
    while (::read(inotify.get(), buffer, sizeof(buffer)) > 0) {
    }
    if (settle) return;
    Result<EventLoop::Source> timer = loop.after(kSettle, [this] {
      settle.reset();
      on_change();
    });
    if (timer) {
      settle = std::move(*timer);
    } else {
      spdlog::error("{}", timer.error().message);
    }
  }
};

Result<ConfigWatch> ConfigWatch::create(EventLoop& loop, const std::string& path,
                                        EventLoop::Callback on_change) {
  const std::string directory = std::filesystem::absolute(path).parent_path();
  UniqueFd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) return errno_error("watch for changes of files");
  constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB;
  if (inotify_add_watch(fd.get(), directory.c_str(), kEvents) < 0)
    return errno_error("watch directory " + directory);
  auto state = std::make_shared<State>(
      State{.loop = loop, .inotify = std::move(fd), .on_change = std::move(on_change)});
  Result<EventLoop::Source> events =
      loop.on_readable(state->inotify.get(), [s = state.get()] { s->drain(); });
  if (!events) return events.error();
  state->events = std::move(*events);
  return ConfigWatch(std::move(state));
}

}  // namespace sluice
