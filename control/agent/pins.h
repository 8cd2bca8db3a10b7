// SPDX-License-Identifier: Apache-2.0
// The directory of an instance on the BPF file system: what outlives the process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/options.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::agent {

// <bpffs>/sluice-agent/<instance>/: a link per interface, and the maps of the program that runs.
class Pins {
 public:
  // Makes the directory, mode 0700, and locks it. Fails, touching nothing, if it is not on a BPF
  // file system or another process holds the lock.
  static Result<Pins> create(const Place& place);
  // The directory as it is, if it is; takes no lock.
  static Result<std::optional<Pins>> look(const Place& place);

  const std::string& directory() const { return directory_; }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  // The interfaces whose links are pinned.
  Result<std::vector<std::string>> interfaces() const;

  // The interfaces with an MSS clamp.
  Result<std::vector<std::string>> clamped() const;

  // Pins under `name`; what was pinned there before is replaced in one step.
  Result<void> pin(int fd, const std::string& name) const;
  // Opens what is pinned under `name`; nothing if nothing is.
  Result<std::optional<UniqueFd>> open(const std::string& name) const;
  Result<void> remove(const std::string& name) const;
  // Removes every pin and the directory. Returns the paths.
  Result<std::vector<std::string>> remove_all() const;
  // Removes the directory if it is still the one that create() locked and nothing is pinned in it.
  void remove_if_empty() const;

 private:
  Pins(std::string parent, std::string directory, UniqueFd lock)
      : parent_(std::move(parent)), directory_(std::move(directory)), lock_(std::move(lock)) {}
  Result<std::vector<std::string>> list() const;
  Result<std::vector<std::string>> interfaces_of(std::string_view prefix) const;

  std::string parent_, directory_;
  UniqueFd lock_;
};

// The name of the pin of the interface's link.
std::string link_name(const std::string& interface);
// And of its MSS clamp's.
std::string clamp_name(const std::string& interface);

}  // namespace sluice::agent
