// SPDX-License-Identifier: Apache-2.0
// One HTTP request and its answer, over a connection of its own.
#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "health/probe/curl_loop.h"
#include "health/probe/probe.h"

namespace sluice::health {

struct Request {
  Way way;
  std::chrono::milliseconds timeout{1000};
  bool tls = false;
  bool http2 = false;   // negotiated over TLS, known beforehand without
  bool verify = false;  // the certificate
  std::string host;     // Host, and SNI over TLS; empty: the address
  std::string path;
  std::vector<std::string> headers;  // "Name: value"
  std::optional<std::string> post;   // its body; empty: it is a GET
};

struct Reply {
  std::optional<Outcome> failure;  // there is no whole answer; else:
  int status = 0;
  std::string status_text;  // "503 Service Unavailable", as it came; HTTP/2 has no words
  bool http2 = false;
  std::string headers;  // lines, those of trailers too
  std::string body;     // the beginning of it, if `whole` is not so
  bool whole = true;

  // The value of the last header `name`, in any case, without spaces around it.
  std::optional<std::string_view> header(std::string_view name) const;
};

std::string_view trimmed(std::string_view text);  // without spaces around it

// No more of an answer than this is read: of a longer body the beginning, longer headers are bad.
constexpr size_t kMostBody = 64 << 10, kMostHeaders = 64 << 10;

class Transfer final : public Probe, private CurlUser {
 public:
  using Ended = std::function<void(Reply)>;
  // `ended` is called once, from the event loop.
  static std::unique_ptr<Transfer> start(CurlLoop& loop, Request request, Ended ended);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() override;

 private:
  struct Cleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, Cleanup>;

  Transfer(CurlLoop& loop, Request request, Ended ended);
  void begin();
  void prepare_connection();
  void prepare_tls();
  void prepare_request();
  static void append(List& list, const std::string& line);

  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  void waits(int what, const Result<void>& watched) override;
  void ended(CURLcode result) override;
  void end();
  Outcome failure(CURLcode result) const;

  CurlLoop& loop_;
  const Request request_;
  Ended ended_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::optional<Error> ours_;           // what we could not do
  bool waited_ = false, read_ = false;  // for anything; for something to read
  size_t header_bytes_ = 0;
  Reply reply_;
  EventLoop::Source at_once_;
  std::array<char, CURL_ERROR_SIZE> message_ = {};
  List headers_, connect_to_;
  std::unique_ptr<CURL, Cleanup> easy_;  // ends before what it points to
};

}  // namespace sluice::health
