// SPDX-License-Identifier: Apache-2.0
// Echo requests by raw sockets (CAP_NET_RAW), for hosts that do not let us have ping sockets
// (net.ipv4.ping_group_range).
//
// A raw socket gets a copy of every ICMP packet that comes to the host. So there is one for each
// family, and not one for each probe: ten thousand would get each of ten thousand replies.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "health/probe/probe.h"

namespace sluice::health {

class RawEcho {
 public:
  // Gets a reply, without the IP header. Must not destroy what waits.
  using Heard = std::function<void(std::string_view message)>;

  // Somebody who waits for a reply; destroying it ends the wait. Must not outlive the RawEcho.
  class Waiting {
   public:
    Waiting() = default;
    Waiting(Waiting&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)), token_(other.token_) {}
    Waiting& operator=(Waiting&& other) noexcept {
      std::swap(from_, other.from_);
      std::swap(token_, other.token_);
      return *this;
    }
    ~Waiting() {
      if (from_) from_->waiting_.erase(token_);
    }

   private:
    friend class RawEcho;
    Waiting(RawEcho* from, uint64_t token) : from_(from), token_(token) {}
    RawEcho* from_ = nullptr;
    uint64_t token_ = 0;
  };

  // `loop` must outlive it.
  explicit RawEcho(EventLoop& loop) : loop_(loop) {}
  RawEcho(const RawEcho&) = delete;
  RawEcho& operator=(const RawEcho&) = delete;

  // Waits for replies with `token`; no other waits for it.
  Waiting wait(uint64_t token, Heard heard);
  // Sends an echo request. Errors have a code; EMSGSIZE: our own interface does not take it.
  Result<void> send(const Way& way, std::string_view message);
  // Reads what has come, and calls whom it is for.
  void read();

 private:
  struct Socket {
    int family;
    UniqueFd fd;
    EventLoop::Source source;
  };
  Result<int> open(int family);
  void read(const Socket& socket);

  EventLoop& loop_;
  std::array<Socket, 2> sockets_ = {};
  std::unordered_map<uint64_t, Heard> waiting_;
};

}  // namespace sluice::health
