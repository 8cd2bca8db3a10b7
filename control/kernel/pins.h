// SPDX-License-Identifier: Apache-2.0
// The directory of an instance on the BPF file system, and the lock that says whose it is.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice {

class Pins {
 public:
  // Makes <bpffs>/sluice/<instance>, mode 0700, and locks it. Fails, touching nothing, if `bpffs`
  // is not a BPF file system, another process holds the lock, or the directory is another user's.
  static Result<Pins> open(const std::string& bpffs, const std::string& instance);
  Pins(Pins&&) noexcept = default;
  Pins& operator=(Pins&&) noexcept = default;
  // The directory goes, too, if nothing is pinned in it.
  ~Pins();

  const std::string& directory() const { return directory_; }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  // The names of what is pinned, sorted.
  Result<std::vector<std::string>> list() const;
  Result<void> remove(const std::string& name) const;
  // The data planes whose tables are pinned, each in a directory of its own: their numbers, sorted.
  // There is more than one only where a daemon was killed while it exchanged them.
  Result<std::vector<uint32_t>> tables() const;
  std::string tables_path(uint32_t number) const;
  // An empty directory for one that is being made ...
  Result<std::string> make_tables() const;
  // ... which has its number when everything is in it.
  Result<void> finish_tables(uint32_t number) const;
  Result<void> remove_tables(uint32_t number) const;
  Result<void> remove_unfinished() const;

  // Removes the directory. An Error names what is in it yet.
  Result<void> remove_directory() const;

 private:
  Pins(std::string directory, UniqueFd lock)
      : directory_(std::move(directory)), lock_(std::move(lock)) {}
  std::string directory_;
  UniqueFd lock_;
};

}  // namespace sluice
