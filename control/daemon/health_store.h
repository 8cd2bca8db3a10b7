// SPDX-License-Identifier: Apache-2.0
// What was believed of backends, on the disk, so that a restart does not begin with knowing
// nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice {

// A file in the state folder. The disk is never waited for: after a loss of power the file may be
// the one before, or none. To lose it is harmless, the checks tell anew within seconds; a part of
// one is never taken for the whole.
class HealthStore {
 public:
  static constexpr size_t kLargest = 16u << 20;

  struct Saved {
    std::string text;
    std::chrono::seconds age{0};  // by the wall clock, 0 if that was stepped back
  };

  // The folder is there, or nothing is kept. Never fails.
  static HealthStore open(const std::string& folder);

  // Nothing, if there is none, it is damaged, or another daemon's.
  std::optional<Saved> read(int64_t wall) const;
  // `wall`: seconds since 1970. On an error the one before stays.
  Result<void> write(std::string_view text, int64_t wall);

 private:
  explicit HealthStore(std::string folder) : folder_(std::move(folder)) {}
  Result<void> lock();
  std::string path() const { return folder_ + "/health"; }

  std::string folder_;
  UniqueFd lock_;
  bool is_anothers_ = false;  // the folder is another daemon's
};

}  // namespace sluice
