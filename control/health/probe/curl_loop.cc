// SPDX-License-Identifier: Apache-2.0
#include "health/probe/curl_loop.h"

#include <sys/epoll.h>

#include <utility>

namespace sluice::health {
namespace {

CurlUser* user_of(CURL* easy) {
  void* user = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
  return static_cast<CurlUser*>(user);
}

}  // namespace

CurlLoop::CurlLoop(EventLoop& loop, std::string authorities)
    : loop_(loop), authorities_(std::move(authorities)), multi_(curl_multi_init()) {
}

Result<std::unique_ptr<CurlLoop>> CurlLoop::create(EventLoop& loop, std::string authorities) {
  // Once for the process, and never undone: others may use libcurl.
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK)
    return Error{std::string("start libcurl: ") + curl_easy_strerror(initialised)};
  std::unique_ptr<CurlLoop> self(new CurlLoop(loop, std::move(authorities)));
  if (!self->multi_) return Error{"start libcurl: out of memory"};
  if (Result<void> r = self->prepare(); !r) return r.error();
  return self;
}

Result<void> CurlLoop::prepare() {
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  // The first timer takes a descriptor of the event loop: now, when there are some.
  Result<EventLoop::Source> timer = loop_.after(std::chrono::milliseconds(0), [] {});
  if (!timer) return timer.error();
  timer_ = std::move(*timer);
  return {};
}

int CurlLoop::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) {
  CurlLoop* loop = static_cast<CurlLoop*>(self);
  if (what == CURL_POLL_REMOVE) {
    loop->sources_.erase(fd);
    return 0;
  }
  user_of(easy)->waits(what, loop->watch(fd, what));
  return 0;  // an error would be one of all transfers
}

Result<void> CurlLoop::watch(curl_socket_t fd, int what) {
  const uint32_t events =
      (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  // Of two events libcurl finds out itself which it is: 0.
  const int ready = what == CURL_POLL_IN    ? CURL_CSELECT_IN
                    : what == CURL_POLL_OUT ? CURL_CSELECT_OUT
                                            : 0;
  sources_.erase(fd);  // first: a descriptor can be watched once
  Result<EventLoop::Source> source =
      loop_.on_ready(fd, events, [this, fd, ready] { act(fd, ready); });
  if (!source) return source.error();
  sources_[fd] = std::move(*source);
  return {};
}

int CurlLoop::on_timer(CURLM*, long ms, void* self) {
  CurlLoop* loop = static_cast<CurlLoop*>(self);
  loop->timer_ = {};
  if (ms < 0) return 0;
  Result<EventLoop::Source> timer = loop->loop_.after(
      std::chrono::milliseconds(ms), [loop] { loop->act(CURL_SOCKET_TIMEOUT, 0); });
  if (!timer) return -1;
  loop->timer_ = std::move(*timer);
  return 0;
}

void CurlLoop::act(curl_socket_t fd, int ready) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), fd, ready, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
    if (message->msg == CURLMSG_DONE) user_of(message->easy_handle)->ended(message->data.result);
}

}  // namespace sluice::health
