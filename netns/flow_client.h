// SPDX-License-Identifier: Apache-2.0
// Thousands of flows that are kept busy from inside a host, and what becomes of each.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/flow.h"
#include "netns/host.h"
#include "netns/tally.h"
#include "netns/wait.h"

namespace sluice::netns {

struct FlowOptions {
  milliseconds interval{500};   // from one request of a flow to its next
  milliseconds patience{5000};  // for an answer; then the flow is broken
};

// Flows opened together, to be spoken of together.
struct FlowRange {
  size_t first = 0, count = 0;
};

struct FlowReport {
  size_t flows = 0;                        // opened
  size_t open = 0;                         // neither broken nor closed by us
  uint64_t answers = 0;                    // together
  std::map<std::string, size_t> backends;  // who has the open ones
  std::map<std::string, size_t> broken;    // by reason
  milliseconds longest_wait{0};            // for an answer
  size_t broken_flows() const;
  std::string text() const;  // in one line
};

// A flow is broken if it is reset, closed, left without an answer, or answered by another backend
// than at first. The first request of a TCP flow follows its handshake, so a flow that is answered
// has an established connection.
class FlowClient {
 public:
  // Flows go to port kFlowPort of each of `vips` in turn. `host` must outlive it.
  static Result<std::unique_ptr<FlowClient>> start(const Host& host, std::vector<std::string> vips,
                                                   const FlowOptions& options = {});
  FlowClient(const FlowClient&) = delete;
  FlowClient& operator=(const FlowClient&) = delete;
  ~FlowClient();

  // Begins `count` more flows; returns when each has been answered or is broken.
  Result<FlowRange> open(Transport transport, size_t count);
  // Who answered the first requests.
  Tally first_answers(const FlowRange& range) const;
  // Waits until every flow that is open has been answered a request sent from now on, or is broken.
  Result<void> confirm(milliseconds patience = milliseconds(10000)) const;
  // Ends flows, TCP's by FIN.
  void close(const FlowRange& range);
  FlowReport report(const FlowRange& range) const;
  FlowReport report() const;  // of all

 private:
  struct Flow {
    Transport transport;
    UniqueFd fd;  // none: not begun, broken or closed
    bool connected = false;
    bool waits = false;                  // for an answer, since `asked`
    Clock::time_point asked, confirmed;  // confirmed: when what was answered last had been asked
    std::string backend, broken;
    FlowAnswer answer = {};
    size_t received = 0;  // of `answer`
    uint64_t answers = 0;
    milliseconds longest_wait{0};
  };
  FlowClient(const Host& host, std::vector<std::string> vips, const FlowOptions& options)
      : host_(host), vips_(std::move(vips)), options_(options) {}
  void run();
  void turn();
  void begin_some(Clock::time_point now);
  void ask_those_due(Clock::time_point now);
  void begin(size_t number, Clock::time_point now);
  void ask(Flow& flow, Clock::time_point now);
  void hear(Flow& flow, uint32_t events, Clock::time_point now);
  void take_answer(Flow& flow, Clock::time_point now);
  void break_flow(Flow& flow, const std::string& why);
  bool all_of(const FlowRange& range, const std::function<bool(const Flow&)>& holds) const;
  FlowRange all() const;

  const Host& host_;
  const std::vector<std::string> vips_;
  const FlowOptions options_;
  UniqueFd epoll_;
  std::thread thread_;

  mutable std::mutex mutex_;  // of everything below
  bool stopping_ = false;
  std::vector<Flow> flows_;
  size_t begun_ = 0;                                      // the others are to be begun
  Clock::time_point next_begin_;                          // not before
  std::deque<std::pair<Clock::time_point, size_t>> due_;  // in the order of time
};

}  // namespace sluice::netns
