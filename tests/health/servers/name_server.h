// SPDX-License-Identifier: Apache-2.0
// dnsmasq, as a backend.
#pragma once

#include <memory>
#include <string>

#include "health/servers/child.h"
#include "support/temporary_folder.h"

namespace sluice::health {

// Listens on 127.0.0.1 and ::1. Knows www.shop.example (A), large.shop.example (TXT, more than fits
// into a packet) and what it is told to, and has nobody to ask.
class NameServer {
  test::TemporaryFolder folder_;

 public:
  const uint16_t port = free_port();

  NameServer();
  Child& child() { return *child_; }
  void restart();
  // From now on it knows these as well: lines of a hosts file.
  void know(const std::string& hosts);

 private:
  std::unique_ptr<Child> child_;
};

}  // namespace sluice::health
