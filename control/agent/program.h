// SPDX-License-Identifier: Apache-2.0
// The loaded program of one hook and its maps, attached to nothing yet.
#pragma once

#include <memory>
#include <set>

#include "agent/options.h"
#include "agent/pins.h"
#include "base/result.h"

namespace sluice::agent {

class Program {
 public:
  // Loads and verifies the program; its tables hold `settings`, and no local address yet. On a
  // verifier error the message has the log's last lines.
  static Result<Program> load(const Settings& settings);
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  int fd() const;
  // The map of the VIPs.
  int vips_fd() const;
  // Makes `addresses` the places where tunnels end.
  Result<void> set_locals(const std::set<IpAddress>& addresses);
  // Pins all maps, in the place of those of an earlier program.
  Result<void> pin_maps(const Pins& pins) const;

 private:
  struct Loaded;
  explicit Program(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
  std::set<IpAddress> locals_;
};

}  // namespace sluice::agent
