// SPDX-License-Identifier: Apache-2.0
// The names of what is numbered in a data plane: rings, tables of prefixes, generations. By its
// name a later daemon finds a map again; the map of maps it is in tells no more than an id.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice {

class TablePins {
 public:
  // Pins nothing: of a data plane that goes with its process.
  TablePins() = default;
  explicit TablePins(std::string directory) : directory_(std::move(directory)) {}

  // `kind`: "ring", "spare" (a ring for later), "prefixes", "generation", "state".
  std::string path(const char* kind, uint64_t number) const;
  Result<void> put(const char* kind, uint64_t number, int fd) const;
  Result<void> remove(const char* kind, uint64_t number) const;
  // Nothing if nothing has that name.
  Result<std::optional<UniqueFd>> open(const char* kind, uint64_t number) const;
  Result<std::set<uint64_t>> numbers(const char* kind) const;

  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;  // empty: none
};

}  // namespace sluice
