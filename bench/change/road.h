// SPDX-License-Identifier: Apache-2.0
// The road of a change as sluiced takes it, from the text of a file on, and how long each part of
// it takes.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "daemon/controller.h"
#include "daemon/ways.h"
#include "network/netlink.h"

namespace sluice::bench {

using Duration = std::chrono::duration<double, std::milli>;

struct Parts {
  Duration read = {};     // text -> Config
  Duration ways = {};     // what the kernel says of every backend's next hop
  Duration publish = {};  // Config -> in force, and written down for the next daemon
  // From the beginning until packets meet the new generation; zero: they met none before.
  Duration live = {};
  Duration total() const { return read + ways + publish; }
};

class Road {
 public:
  // In the network namespace of the caller, pinned in `bpffs`.
  static Result<std::unique_ptr<Road>> open(const std::string& bpffs);
  ~Road();

  Result<Parts> change(const std::string& text);
  // As if the daemon had ended without a word: another one goes on with what is pinned.
  Result<Parts> restart(const std::string& text);
  Result<void> unload();

  // What the tables of the data plane take of the kernel's memory, in bytes.
  Result<uint64_t> table_bytes() const;

 private:
  Road(std::string bpffs, Netlink netlink)
      : bpffs_(std::move(bpffs)), netlink_(std::move(netlink)) {}
  Result<void> begin();
  Result<Parts> take(const std::string& text);

  std::string bpffs_;
  Netlink netlink_;
  std::optional<Ways> ways_;
  std::optional<Controller> controller_;
};

}  // namespace sluice::bench
