// SPDX-License-Identifier: Apache-2.0
// UDP packets with consecutive numbers, written to a wire at a steady rate.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/host.h"
#include "netns/numbered_sink.h"
#include "netns/wait.h"

namespace sluice::netns {

struct NumberedStream {
  std::string vip;
  uint16_t port = 9;
};

struct NumberedOptions {
  // They take turns: number n is of stream n % streams.
  std::vector<NumberedStream> streams;
  uint64_t flows = 1 << 17;      // of each stream, a packet of each in turn; at most 15 million
  MacAddress to;                 // who gets the frames
  unsigned per_second = 0;       // of all streams together; 0: as fast as it goes
  NumberedSink* sink = nullptr;  // where they arrive; it must outlive the sender
};

// One thread on one CPU, so that the order of the numbers is the order in which they arrive. What
// the machine keeps it from sending it does not catch up with: the rate is never higher than asked.
//
// A veth's queue has 256 places, and a CPU that began to empty it, for somebody else's packet, goes
// on with ours, but may be busy otherwise. So the sender waits while as many are on their way as
// always find a place; not for long, because packets that are lost are never seen to arrive.
class NumberedSender {
 public:
  // Sends from the wire of `device` until its end.
  static Result<std::unique_ptr<NumberedSender>> start(Host& host, const std::string& device,
                                                       const NumberedOptions& options);
  NumberedSender(const NumberedSender&) = delete;
  NumberedSender& operator=(const NumberedSender&) = delete;
  ~NumberedSender();

  // Every number below has been given to the wire.
  uint64_t sent() const { return sent_.load(std::memory_order_acquire); }
  // No number from here on has.
  uint64_t begun() const { return begun_.load(std::memory_order_acquire); }
  // Numbers that differ by this are of the same flow.
  uint64_t period() const { return period_; }
  // Ends it; returns how many packets there were.
  uint64_t stop();
  // Packets a second, so far.
  double rate() const;
  // The longest time in which nothing was sent.
  milliseconds longest_pause() const { return milliseconds(longest_pause_ms_); }

 private:
  struct Frames;
  NumberedSender() = default;
  void run(unsigned per_second);
  size_t send_all();
  void await_room();

  std::unique_ptr<Frames> frames_;
  uint64_t period_ = 1;
  const NumberedSink* sink_ = nullptr;
  UniqueFd socket_;
  std::atomic<uint64_t> begun_ = 0, sent_ = 0;
  std::atomic<int64_t> longest_pause_ms_ = 0;
  std::atomic<bool> stopping_ = false;
  Clock::time_point began_, ended_;
  std::thread thread_;
};

}  // namespace sluice::netns
