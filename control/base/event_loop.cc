// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

namespace sluice {

// Shared with the running callback, so that the callback may destroy its own Source.
struct EventLoop::Source::State {
  std::shared_ptr<Callback> callback;
  sd_event_source* source = nullptr;
};

namespace {

int call(void* userdata) {
  auto* state = static_cast<std::shared_ptr<EventLoop::Callback>*>(userdata);
  const std::shared_ptr<EventLoop::Callback> keep = *state;
  (*keep)();
  return 0;
}
int on_io(sd_event_source*, int, uint32_t, void* userdata) {
  return call(userdata);
}
int on_time(sd_event_source*, uint64_t, void* userdata) {
  return call(userdata);
}
int on_signal_event(sd_event_source*, const signalfd_siginfo*, void* userdata) {
  return call(userdata);
}

}  // namespace

void EventLoop::Source::Unref::operator()(State* state) const {
  sd_event_source_disable_unref(state->source);
  delete state;
}

void EventLoop::Unref::operator()(sd_event* event) const {
  sd_event_unref(event);
}

Result<EventLoop> EventLoop::create() {
  sd_event* event = nullptr;
  if (int r = sd_event_new(&event); r < 0) return errno_error("create an event loop", r);
  return EventLoop(event);
}

Result<EventLoop::Source> EventLoop::on_readable(int fd, Callback f) {
  return on_ready(fd, EPOLLIN, std::move(f));
}

Result<EventLoop::Source> EventLoop::on_ready(int fd, uint32_t events, Callback f) {
  Source s;
  s.state_.reset(new Source::State{std::make_shared<Callback>(std::move(f))});
  int r = sd_event_add_io(event_.get(), &s.state_->source, fd, events, on_io, &s.state_->callback);
  if (r < 0) return errno_error("watch a file descriptor", r);
  return s;
}

Result<EventLoop::Source> EventLoop::after(std::chrono::milliseconds delay, Callback f) {
  Source s;
  s.state_.reset(new Source::State{std::make_shared<Callback>(std::move(f))});
  const auto usec = uint64_t(std::chrono::microseconds(delay).count());
  int r = sd_event_add_time_relative(event_.get(), &s.state_->source, CLOCK_MONOTONIC, usec, 1000,
                                     on_time, &s.state_->callback);
  if (r < 0) return errno_error("start a timer", r);
  return s;
}

Result<EventLoop::Source> EventLoop::on_signal(int signo, Callback f) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return Error{"block a signal"};
  Source s;
  s.state_.reset(new Source::State{std::make_shared<Callback>(std::move(f))});
  int r = sd_event_add_signal(event_.get(), &s.state_->source, signo, on_signal_event,
                              &s.state_->callback);
  if (r < 0) return errno_error("watch a signal", r);
  return s;
}

Result<void> EventLoop::run() {
  if (int r = sd_event_loop(event_.get()); r < 0) return errno_error("run the event loop", r);
  return {};
}

void EventLoop::stop() {
  sd_event_exit(event_.get(), 0);
}

}  // namespace sluice
