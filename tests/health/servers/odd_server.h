// SPDX-License-Identifier: Apache-2.0
// A TCP server that does to its clients what no real one would be asked to.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>
#include <thread>

#include "base/unique_fd.h"

namespace sluice::health {

class OddServer {
 public:
  // `serve` gets each connection, one after the other, on a thread; it is closed behind it.
  explicit OddServer(std::function<void(int fd)> serve);
  OddServer(const OddServer&) = delete;
  OddServer& operator=(const OddServer&) = delete;
  ~OddServer();

  uint16_t port() const { return port_; }

 private:
  void run();

  std::function<void(int fd)> serve_;
  UniqueFd listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

// False when the client has gone.
bool send_text(int fd, std::string_view text);
// Reads on until the client goes.
void wait_for_end(int fd);
// Closes with a RST at the end.
void reset_at_end(int fd);

}  // namespace sluice::health
