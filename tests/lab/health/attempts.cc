// SPDX-License-Identifier: Apache-2.0
#include "lab/health/attempts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "netns/flow.h"

namespace sluice::netns {

namespace {

constexpr milliseconds kPause(2), kPatience(500);

}  // namespace

Attempts::Attempts(const Host& host, std::string vip)
    : host_(host), vip_(std::move(vip)), thread_([this] { run(); }) {
}

Attempts::~Attempts() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Attempts::Report Attempts::stop() {
  stopping_ = true;
  thread_.join();
  return report_;
}

void Attempts::run() {
  if (Result<void> r = host_.enter(); !r) {
    std::fprintf(stderr, "%s\n", r.error().message.c_str());
    std::abort();
  }
  while (!stopping_ || !under_way_.empty()) {
    if (!stopping_) begin();
    std::erase_if(under_way_, [this](const Attempt& a) { return look_at(a); });
    std::this_thread::sleep_for(kPause);
  }
}

void Attempts::begin() {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(kFlowPort);
  ::inet_pton(AF_INET, vip_.c_str(), &to.sin_addr);
  const Clock::time_point now = Clock::now();
  if (!fd.valid() || (::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0 &&
                      errno != EINPROGRESS)) {
    std::perror("begin a connection");
    std::abort();
  }
  report_.all++;
  under_way_.push_back({std::move(fd), now});
}

bool Attempts::look_at(const Attempt& attempt) {
  pollfd p = {.fd = attempt.fd.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&p, 1, 0) > 0 && !(p.revents & (POLLERR | POLLHUP))) return true;
  if (p.revents == 0 && Clock::now() - attempt.begun < kPatience) return false;
  report_.lost++;
  report_.last_lost = std::max(report_.last_lost, attempt.begun);
  return true;
}

}  // namespace sluice::netns
