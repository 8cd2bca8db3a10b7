// SPDX-License-Identifier: Apache-2.0
#include "netns/flow_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "netns/socket_address.h"

namespace sluice::netns {
namespace {

// Flows are begun no faster than this: a burst of more overflows the queue of a veth.
constexpr size_t kBegunAtOnce = 16;
constexpr milliseconds kTurn(2);
constexpr milliseconds kFirstAnswers(15000);

milliseconds in_ms(Clock::duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration);
}

}  // namespace

size_t FlowReport::broken_flows() const {
  size_t sum = 0;
  for (const auto& [reason, count] : broken) sum += count;
  return sum;
}

std::string FlowReport::text() const {
  std::string text = std::to_string(broken_flows()) + " of " + std::to_string(flows) +
                     " flows broken in " + std::to_string(answers) + " answers, longest wait " +
                     std::to_string(longest_wait.count()) + " ms";
  for (const auto& [reason, count] : broken) text += "; " + std::to_string(count) + " x " + reason;
  return text;
}

Result<std::unique_ptr<FlowClient>> FlowClient::start(const Host& host,
                                                      std::vector<std::string> vips,
                                                      const FlowOptions& options) {
  std::unique_ptr<FlowClient> client(new FlowClient(host, std::move(vips), options));
  client->epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!client->epoll_.valid()) return errno_error("make an epoll");
  client->thread_ = std::thread([c = client.get()] { c->run(); });
  return client;
}

FlowClient::~FlowClient() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void FlowClient::run() {
  if (Result<void> entered = host_.enter(); !entered) return;  // open() gives up waiting
  for (;;) {
    turn();
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

void FlowClient::turn() {
  std::array<epoll_event, 512> events;
  const int n = epoll_wait(epoll_.get(), events.data(), events.size(), int(kTurn.count()));
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  for (int i = 0; i < n; i++)
    hear(flows_[events[size_t(i)].data.u64], events[size_t(i)].events, now);
  begin_some(now);
  ask_those_due(now);
}

void FlowClient::begin_some(Clock::time_point now) {
  if (now < next_begin_) return;
  next_begin_ = now + kTurn;
  const size_t end = std::min(flows_.size(), begun_ + kBegunAtOnce);
  for (; begun_ < end; begun_++) {
    begin(begun_, now);
    due_.emplace_back(now + options_.interval, begun_);
  }
}

// Every open flow has its turn once an interval. TCP waits for an answer before it asks again, UDP
// does not.
void FlowClient::ask_those_due(Clock::time_point now) {
  while (!due_.empty() && due_.front().first <= now) {
    const size_t number = due_.front().second;
    due_.pop_front();
    Flow& flow = flows_[number];
    if (!flow.fd.valid()) continue;
    if (flow.waits && now - flow.asked > options_.patience)
      break_flow(flow, "no answer");
    else if (!flow.waits || flow.transport == Transport::kUdp)
      ask(flow, now);
    due_.emplace_back(now + options_.interval, number);
  }
}

void FlowClient::begin(size_t number, Clock::time_point now) {
  Flow& flow = flows_[number];
  const bool tcp = flow.transport == Transport::kTcp;
  const SocketAddress vip = socket_address(vips_[number % vips_.size()], kFlowPort);
  flow.fd = UniqueFd(socket(vip.storage.ss_family,
                            (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  flow.waits = true;
  flow.asked = now;
  const int on = 1;
  if (tcp) setsockopt(flow.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(flow.fd.get(), vip.get(), vip.size) < 0 && errno != EINPROGRESS)
    return break_flow(flow, std::string("connect: ") + strerror(errno));
  epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = number}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, flow.fd.get(), &event) < 0)
    return break_flow(flow, std::string("watch: ") + strerror(errno));
}

void FlowClient::ask(Flow& flow, Clock::time_point now) {
  if (!flow.connected) return;
  if (send(flow.fd.get(), &kFlowRequest, 1, MSG_NOSIGNAL) < 0)
    return break_flow(flow, strerror(errno));
  if (!flow.waits) flow.asked = now;
  flow.waits = true;
}

void FlowClient::hear(Flow& flow, uint32_t events, Clock::time_point now) {
  if (!flow.fd.valid()) return;
  if (events & EPOLLOUT && !(events & EPOLLERR) && !flow.connected) {
    flow.connected = true;
    ask(flow, now);
  }
  while (flow.fd.valid()) {
    const ssize_t n = recv(flow.fd.get(), flow.answer.data() + flow.received,
                           flow.answer.size() - flow.received, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) return break_flow(flow, strerror(errno));
    if (n == 0) return break_flow(flow, "closed by the backend");
    flow.received += size_t(n);
    if (flow.received == flow.answer.size()) take_answer(flow, now);
  }
}

void FlowClient::take_answer(Flow& flow, Clock::time_point now) {
  const std::string backend = name_in(flow.answer);
  flow.received = 0;
  if (flow.backend.empty()) flow.backend = backend;
  if (flow.backend != backend) return break_flow(flow, "answered by another backend");
  flow.answers++;
  if (flow.waits) flow.longest_wait = std::max(flow.longest_wait, in_ms(now - flow.asked));
  flow.waits = false;
  flow.confirmed = flow.asked;
}

void FlowClient::break_flow(Flow& flow, const std::string& why) {
  flow.broken = why;
  flow.fd = UniqueFd();
}

Result<FlowRange> FlowClient::open(Transport transport, size_t count) {
  FlowRange range = {.first = 0, .count = count};
  {
    const std::lock_guard lock(mutex_);
    range.first = flows_.size();
    for (size_t i = 0; i < count; i++) flows_.push_back({.transport = transport});
  }
  const auto is_settled = [](const Flow& f) { return f.answers > 0 || !f.broken.empty(); };
  Result<void> settled = wait_until([&] { return all_of(range, is_settled); }, kFirstAnswers,
                                    std::to_string(count) + " new flows");
  if (!settled) return settled.error();
  return range;
}

Result<void> FlowClient::confirm(milliseconds patience) const {
  const Clock::time_point now = Clock::now();
  const FlowRange range = all();
  const auto is_confirmed = [&](const Flow& f) { return !f.fd.valid() || f.confirmed >= now; };
  return wait_until([&] { return all_of(range, is_confirmed); }, patience,
                    "an answer to every flow");
}

void FlowClient::close(const FlowRange& range) {
  const std::lock_guard lock(mutex_);
  for (size_t i = range.first; i < range.first + range.count; i++) flows_[i].fd = UniqueFd();
}

Tally FlowClient::first_answers(const FlowRange& range) const {
  const std::lock_guard lock(mutex_);
  Tally tally;
  for (size_t i = range.first; i < range.first + range.count; i++) {
    const Flow& flow = flows_[i];
    tally.asked++;
    if (flow.backend.empty())
      tally.failed[flow.broken]++;
    else
      tally.answered[flow.backend]++;
  }
  return tally;
}

FlowReport FlowClient::report(const FlowRange& range) const {
  const std::lock_guard lock(mutex_);
  FlowReport report = {.flows = range.count};
  for (size_t i = range.first; i < range.first + range.count; i++) {
    const Flow& flow = flows_[i];
    report.answers += flow.answers;
    report.longest_wait = std::max(report.longest_wait, flow.longest_wait);
    if (!flow.broken.empty()) report.broken[flow.broken]++;
    if (!flow.fd.valid()) continue;
    report.open++;
    report.backends[flow.backend]++;
  }
  return report;
}

FlowReport FlowClient::report() const {
  return report(all());
}

FlowRange FlowClient::all() const {
  const std::lock_guard lock(mutex_);
  return {.first = 0, .count = flows_.size()};
}

bool FlowClient::all_of(const FlowRange& range,
                        const std::function<bool(const Flow&)>& holds) const {
  const std::lock_guard lock(mutex_);
  const auto first = flows_.begin() + std::ptrdiff_t(range.first);
  return std::all_of(first, first + std::ptrdiff_t(range.count), holds);
}

}  // namespace sluice::netns
