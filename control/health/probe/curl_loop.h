// SPDX-License-Identifier: Apache-2.0
// All transfers of libcurl of one thread, on its event loop.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "base/event_loop.h"
#include "base/result.h"

namespace sluice::health {

// Who wants to know how a transfer ended.
class CurlUser {
 public:
  // libcurl wants to wait for `what` (CURL_POLL_IN, ...) of its socket; an error if that cannot be.
  virtual void waits(int what, const Result<void>& watched) = 0;
  // Called from the event loop; may end this and any other transfer, and start some.
  virtual void ended(CURLcode result) = 0;

 protected:
  ~CurlUser() = default;
};

class CurlLoop {
 public:
  // `loop` must outlive it; its transfers must not. `authorities` is a file of certificates that
  // are believed, or "" for the system's.
  static Result<std::unique_ptr<CurlLoop>> create(EventLoop& loop, std::string authorities = "");
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  EventLoop& event_loop() { return loop_; }
  const std::string& authorities() const { return authorities_; }
  // Begins with `easy` at the next turn of the event loop. Its CURLOPT_PRIVATE is its CurlUser.
  CURLMcode add(CURL* easy) { return curl_multi_add_handle(multi_.get(), easy); }
  // Ends it without another word, if it has not ended.
  void remove(CURL* easy) { curl_multi_remove_handle(multi_.get(), easy); }

 private:
  struct Cleanup {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  CurlLoop(EventLoop& loop, std::string authorities);
  Result<void> prepare();
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*);
  static int on_timer(CURLM*, long ms, void* self);
  Result<void> watch(curl_socket_t fd, int what);
  // Lets libcurl go on with `fd`, or with what is due, and tells of what has ended.
  void act(curl_socket_t fd, int ready);

  EventLoop& loop_;
  const std::string authorities_;
  std::unordered_map<curl_socket_t, EventLoop::Source> sources_;
  EventLoop::Source timer_;
  std::unique_ptr<CURLM, Cleanup> multi_;  // ends first: it calls back
};

}  // namespace sluice::health
