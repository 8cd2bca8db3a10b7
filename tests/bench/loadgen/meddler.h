// SPDX-License-Identifier: Apache-2.0
// Stands where a balancer would: takes frames from one device, and puts in another what a test
// says.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bench/loadgen/on_the_way.h"
#include "netns/host.h"

namespace sluice::loadgen {

class Meddler {
 public:
  // What is to leave for a frame that came.
  using OnWay = std::function<std::vector<Bytes>(const Stamp&, const Bytes&)>;

  // `host` must outlive it. `on_way` is called by a thread of its own.
  static Result<std::unique_ptr<Meddler>> start(const netns::Host& host, const std::string& in,
                                                const std::string& out, OnWay on_way);
  Meddler(const Meddler&) = delete;
  Meddler& operator=(const Meddler&) = delete;
  ~Meddler();

  uint64_t seen() const { return seen_; }  // stamped frames so far

 private:
  explicit Meddler(OnWay on_way) : on_way_(std::move(on_way)) {}
  void work();

  OnWay on_way_;
  UniqueFd in_, out_;
  std::atomic<uint64_t> seen_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::loadgen
