// SPDX-License-Identifier: Apache-2.0
// One thread's event loop: descriptors, monotonic timers and signals, on sd-event.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"

struct sd_event;
struct sd_event_source;

namespace sluice {

class EventLoop {
 public:
  // Owns one registration; destroying it ends the calls. Safe to destroy from its own callback.
  class Source {
   public:
    Source() = default;

   private:
    friend class EventLoop;
    struct State;
    struct Unref {
      void operator()(State* state) const;
    };
    std::unique_ptr<State, Unref> state_;
  };
  using Callback = std::function<void()>;

  static Result<EventLoop> create();
  EventLoop(EventLoop&&) noexcept = default;
  EventLoop& operator=(EventLoop&&) noexcept = default;

  // Calls `f` whenever `fd` is readable or hung up. The caller keeps `fd` open as long as the
  // source.
  Result<Source> on_readable(int fd, Callback f);
  // The same for `events` of epoll(7); `f` is called as long as one of them is so.
  Result<Source> on_ready(int fd, uint32_t events, Callback f);
  // Calls `f` once, `delay` from now (CLOCK_MONOTONIC: clock steps do not matter).
  Result<Source> after(std::chrono::milliseconds delay, Callback f);
  // Calls `f` for each arrival of `signo`, which is blocked for this thread from now on. Call
  // before any thread is started.
  Result<Source> on_signal(int signo, Callback f);

  // Runs callbacks until stop().
  Result<void> run();
  void stop();

 private:
  struct Unref {
    void operator()(sd_event* event) const;
  };
  explicit EventLoop(sd_event* event) : event_(event) {}
  std::unique_ptr<sd_event, Unref> event_;
};

}  // namespace sluice
