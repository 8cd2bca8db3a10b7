// SPDX-License-Identifier: Apache-2.0
// Web requests from inside a host, every one remembered with its answer or what went wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "netns/host.h"
#include "netns/wait.h"

namespace sluice::netns {

struct Request {
  std::string url;              // with an IP address: nothing is resolved
  bool new_connection = true;   // else an open one is used again where there is one
  uint64_t upload = 0;          // bytes to POST; 0 is a GET
  milliseconds patience{3000};  // for the whole request
};

struct Answer {
  std::string backend;  // who answered; empty when nobody did
  std::string error;    // why not; empty on success
  std::string url;
  uint64_t body = 0;                         // bytes of the answer
  uint64_t received = 0;                     // bytes of the upload, as the backend counted
  std::string sent_digest, received_digest;  // of the upload: equal if every byte arrived in place
  Clock::time_point sent, done;
};

// Sends each of `requests` once, one after another, and gives up after 5 failures in a row.
Result<std::vector<Answer>> fetch(const Host& host, const std::vector<Request>& requests);
// `count` requests with a new connection each, to each of `urls` in turn.
Result<std::vector<Answer>> fetch(const Host& host, const std::vector<std::string>& urls,
                                  size_t count);

// Requests one after another in the background, with a new connection each, from start to stop().
class Traffic {
 public:
  // At most `per_second` requests a second; 0: the next as soon as one is answered.
  static Result<std::unique_ptr<Traffic>> start(const Host& host, std::vector<std::string> urls,
                                                unsigned per_second = 0);
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;
  ~Traffic();

  // All answers so far. A request under way is not among them.
  std::vector<Answer> answers() const;
  // Lets the request under way end, then returns all answers.
  std::vector<Answer> stop();

 private:
  Traffic() = default;
  void run(const Host& host, const std::vector<std::string>& urls, unsigned per_second);

  mutable std::mutex mutex_;
  std::vector<Answer> answers_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::netns
