// SPDX-License-Identifier: Apache-2.0
// The surroundings of one run: a directory, a bpffs and their certain removal.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::netns {

// Nothing of a lab outlives the process that made it, however that ends: namespaces and the bpffs
// are held by the process alone, programs die with it, and a child waits for its end to remove the
// directory and the names. Only the destructor and SIGKILL go down different roads, and both end
// at that child.
//
// Create it before any thread is started: the calling thread moves to a mount namespace of its own.
class Lab {
 public:
  // `named`: hosts get a name under /run/netns, so that a person can enter them.
  static Result<std::unique_ptr<Lab>> create(bool named = false);
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab();

  const std::string& name() const { return name_; }  // unique: sluice-lab-XXXXXX
  bool named() const { return named_; }
  // Where logs, sockets and configuration files go.
  const std::string& directory() const { return directory_; }
  // A bpffs only this process and the programs it starts can see.
  std::string bpffs() const { return directory_ + "/bpf"; }

 private:
  Lab() = default;
  Result<void> start_janitor();

  std::string name_, directory_;
  bool named_ = false;
  UniqueFd alive_;  // the janitor acts when this is closed, by us or by our end
  pid_t janitor_ = -1;
};

// Where `ip netns` keeps its names, and where named hosts get theirs.
inline constexpr char kNamesDirectory[] = "/run/netns";

}  // namespace sluice::netns
