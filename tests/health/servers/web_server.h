// SPDX-License-Identifier: Apache-2.0
// nginx, as a backend.
#pragma once

#include <memory>
#include <string>

#include "health/servers/child.h"
#include "support/temporary_folder.h"

namespace sluice::health {

// Listens on 127.0.0.1 and ::1:
//   plain  HTTP/1.1              secure   TLS with HTTP/2 or HTTP/1.1, as `shop.example`, by
//   `authority` http2  HTTP/2 without TLS    expired  TLS with HTTP/1.1 only, whose certificate has
//   expired
//                                self     TLS, whose certificate is self-signed
// On each:
//   /ok 200 "all is well", /sick 503, /moved 302 to /ok, /none 404, /large 200 with 100 kB
//   /slow 200 with 2 kB at 100 bytes a second
//   /weight/header, /weight/body: half;  /weight/nonsense
//   /document/NAME what put() has put there, else 404
//   /who "host=... sni=... protocol=... cookie=... agent=... encoding=..." of the request
class WebServer {
  test::TemporaryFolder folder_;

 public:
  WebServer();

  uint16_t plain, http2, secure, expired, self;
  std::string authority;  // a file
  Child& child() { return *child_; }
  // "PORT BYTES STATUS" of the requests so far, each with its line ended. It is written when a
  // request is over, which may be after its answer was read.
  std::string requests() const;
  // What is there behind the first `bytes` of it: at least one request, which is waited for.
  std::string request_after(size_t bytes) const;
  void restart();
  // A document: long enough that it never comes at once where it is `slow` (500 bytes a second);
  // `text` is the end of it.
  void put(const std::string& name, const std::string& text, bool slow = false) const;
  void remove(const std::string& name) const;

 private:
  void make_certificates() const;
  void configure() const;

  std::unique_ptr<Child> child_;
};

}  // namespace sluice::health
