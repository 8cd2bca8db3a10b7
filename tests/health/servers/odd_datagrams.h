// SPDX-License-Identifier: Apache-2.0
// A UDP server that does to its clients what no real one would be asked to.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::health {

// Gives each question, one after the other, to `answer`, which makes what is sent back: any number
// of packets.
class OddDatagrams {
 public:
  using Packets = std::vector<std::string>;
  explicit OddDatagrams(std::function<Packets(std::string question)> answer);
  OddDatagrams(const OddDatagrams&) = delete;
  OddDatagrams& operator=(const OddDatagrams&) = delete;
  ~OddDatagrams();

  uint16_t port() const { return port_; }
  int questions() const { return questions_; }
  const std::set<uint16_t>& ports() const { return ports_; }  // that questions came from

 private:
  void run();

  std::function<Packets(std::string)> answer_;
  UniqueFd fd_;
  uint16_t port_ = 0;
  std::atomic<bool> enough_ = false;
  std::atomic<int> questions_ = 0;
  std::set<uint16_t> ports_;
  std::thread thread_;
};

}  // namespace sluice::health
