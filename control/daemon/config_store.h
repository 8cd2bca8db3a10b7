// SPDX-License-Identifier: Apache-2.0
// The configurations that were in force, and one that waits to be confirmed, on the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice {

// A configuration that came into force. Its text is on the disk.
struct StoredConfig {
  uint64_t number = 0;  // names the file, grows; not the one that people see
  int64_t at = 0;       // seconds since 1970
  std::string by;       // "start", "file", "apply", "rollback" or "confirm-timeout"
  uint64_t generation = 0;
  std::string sha256;  // of the text
  uint64_t services = 0, backends = 0;

  bool operator==(const StoredConfig&) const = default;
};

// What is to be put back unless somebody confirms.
struct PendingConfig {
  int64_t deadline = 0;  // seconds since 1970
  int64_t timeout = 0;   // that were given
  std::string after;     // sha256 of the text that waits to be confirmed
  std::string before;    // the text to put back

  bool operator==(const PendingConfig&) const = default;
};

// A folder of ours. What is damaged or foreign in it is left out with a warning; where nothing can
// be written, everything that was read can be read on.
class ConfigStore {
 public:
  static constexpr size_t kKept = 20;

  // Makes the folder if it can. Never fails: see trouble().
  static ConfigStore open(const std::string& folder);

  // Newest first.
  const std::vector<StoredConfig>& entries() const { return entries_; }
  // Of entries()[n].
  Result<std::string> text(size_t n) const;
  // The number is given; beyond kKept the oldest goes.
  Result<void> add(StoredConfig entry, std::string_view text);

  std::optional<PendingConfig> pending() const;
  Result<void> put_pending(const PendingConfig& pending);
  Result<void> remove_pending();

  // Why the last attempt to write failed; empty: it did not.
  const std::string& trouble() const { return trouble_; }

 private:
  explicit ConfigStore(std::string folder) : folder_(std::move(folder)) {}
  Result<void> prepare();
  void load();
  Result<void> note(Result<void> result);
  std::string path_of(uint64_t number) const;
  std::string pending_path() const { return folder_ + "/pending"; }

  std::string folder_;
  UniqueFd lock_;
  uint64_t last_number_ = 0;  // of any file, damaged or not
  std::vector<StoredConfig> entries_;
  std::string trouble_;
};

}  // namespace sluice
