// SPDX-License-Identifier: Apache-2.0
// What operators have said of backends, on the disk: it survives restarts until it is undone or its
// time is over.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "daemon/overrides.h"

namespace sluice {

// A file in the state folder. What cannot be read there is believed in no part: nothing is drained
// by accident. Nor is it forgotten in silence: the file is kept beside, and trouble() tells of it
// until somebody has removed it.
//
// What cannot be written holds all the same, until the daemon ends: a full disk must keep nobody
// from taking traffic off a machine.
class OverrideStore {
 public:
  static constexpr size_t kMost = 4096;

  // Makes the folder if it can. Never fails: see trouble().
  static OverrideStore open(const std::string& folder, const Moment& now);

  const Overrides& all() const { return all_; }
  // Fails only if there are too many.
  Result<void> put(const OverrideKey& key, SavedOverride o, const Moment& now);
  // False: there is none.
  bool remove(const OverrideKey& key, const Moment& now);
  // Takes out, and returns, those whose time is over. To be called now and then in any case: after
  // a step of the wall clock the ends are written anew, so that a restart finds the right ones; and
  // what could not be written is written once it can be.
  Overrides tend(const Moment& now);
  // With ends by the wall clock as it is now.
  void save(const Moment& now);

  // Why some are lost, or would be by a restart; empty: all is well.
  std::string trouble() const;

 private:
  explicit OverrideStore(std::string folder) : folder_(std::move(folder)) {}
  Result<void> prepare();
  Result<void> write(const Moment& now) const;
  void load(const Moment& now);
  void keep_aside(const std::string& why);
  std::string path() const { return folder_ + "/overrides"; }
  std::string aside(int n) const;

  std::string folder_;
  UniqueFd lock_;
  bool is_anothers_ = false;  // the folder is another daemon's
  Overrides all_;
  std::string write_trouble_;
  int64_t clock_offset_ = 0;  // of the wall clock, at the last save
};

}  // namespace sluice
