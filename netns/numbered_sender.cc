// SPDX-License-Identifier: Apache-2.0
#include "netns/numbered_sender.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>

#include "netns/numbered_frame.h"
#include "netns/wire.h"

namespace sluice::netns {
namespace {

constexpr size_t kBatch = 32;
constexpr uint64_t kOnTheirWay = 128;  // before another batch: a veth's queue has 256 places
constexpr std::chrono::microseconds kTurn(20);
constexpr milliseconds kPatience(100);
constexpr int kNiceness = -15;

// On the last CPU this process may use (the first has the interrupts), and before others there.
void be_steady() {
  cpu_set_t allowed, last;
  CPU_ZERO(&last);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
    int cpu = CPU_SETSIZE - 1;
    while (!CPU_ISSET(cpu, &allowed)) cpu--;
    CPU_SET(cpu, &last);
    sched_setaffinity(0, sizeof(last), &last);
  }
  prctl(PR_SET_TIMERSLACK, 1);              // nanoseconds
  setpriority(PRIO_PROCESS, 0, kNiceness);  // of this thread alone
}

}  // namespace

struct NumberedSender::Frames {
  std::vector<NumberedFrame> streams;
  std::array<NumberedFrame, kBatch> frames;
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> messages = {};

  // The frames of the numbers from `first` on.
  void fill(uint64_t first, uint64_t period) {
    for (size_t i = 0; i < kBatch; i++) {
      const uint64_t number = first + i;
      frames[i] = streams[number % streams.size()];
      frames[i].set(number, number % period / streams.size());
      parts[i] = frames[i].bytes();
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

Result<std::unique_ptr<NumberedSender>> NumberedSender::start(Host& host, const std::string& device,
                                                              const NumberedOptions& options) {
  const Result<LinkState> link = host.netlink().link(device);
  if (!link) return link.error();
  std::unique_ptr<NumberedSender> sender(new NumberedSender);
  sender->frames_ = std::make_unique<Frames>();
  for (const NumberedStream& s : options.streams) {
    const std::optional<IpAddress> vip = IpAddress::parse(s.vip);
    if (!vip) return Error{"send numbered packets to " + s.vip + ": it is no address"};
    sender->frames_->streams.emplace_back(
        NumberedFrame::Route{.from = link->mac,
                             .to = options.to,
                             .vip = *vip,
                             .port = s.port,
                             .stream = uint32_t(sender->frames_->streams.size())});
  }
  options.sink->forget_progress();
  sender->sink_ = options.sink;
  sender->period_ = options.flows * options.streams.size();
  Result<UniqueFd> socket = open_wire(host, device);
  if (!socket) return socket.error();
  sender->socket_ = std::move(*socket);
  sender->began_ = Clock::now();
  sender->thread_ = std::thread([s = sender.get(), per_second = options.per_second] {
    be_steady();
    s->run(per_second);
  });
  return sender;
}

NumberedSender::~NumberedSender() {
  stop();
}

uint64_t NumberedSender::stop() {
  stopping_ = true;
  if (thread_.joinable()) {
    thread_.join();
    ended_ = Clock::now();
  }
  return sent();
}

double NumberedSender::rate() const {
  const Clock::time_point end = thread_.joinable() ? Clock::now() : ended_;
  return double(sent()) / std::chrono::duration<double>(end - began_).count();
}

// What is in frames_, unless it is to end; returns how many.
size_t NumberedSender::send_all() {
  size_t done = 0;
  while (done < kBatch && !stopping_) {
    const int n = sendmmsg(socket_.get(), &frames_->messages[done], unsigned(kBatch - done), 0);
    if (n > 0) done += size_t(n);
    if (n <= 0) std::this_thread::yield();  // the wire is busy
  }
  return done;
}

void NumberedSender::await_room() {
  const uint64_t sent = sent_.load(std::memory_order_relaxed);
  const Clock::time_point since = Clock::now();
  while (sink_->progress() + kOnTheirWay < sent && !stopping_ && Clock::now() < since + kPatience)
    std::this_thread::sleep_for(kTurn);
}

void NumberedSender::run(unsigned per_second) {
  const std::chrono::nanoseconds batch(per_second ? kBatch * 1'000'000'000 / per_second : 0);
  Clock::time_point due = Clock::now(), last = due;
  while (!stopping_) {
    await_room();
    const uint64_t first = sent_.load(std::memory_order_relaxed);
    frames_->fill(first, period_);
    begun_.store(first + kBatch, std::memory_order_release);
    sent_.store(first + send_all(), std::memory_order_release);
    const Clock::time_point now = Clock::now();
    const int64_t pause = std::chrono::duration_cast<milliseconds>(now - last).count();
    if (pause > longest_pause_ms_) longest_pause_ms_ = pause;
    last = now;
    due = std::max(due + batch, now - batch);
    if (due > now) std::this_thread::sleep_until(due);
  }
}

}  // namespace sluice::netns
