// SPDX-License-Identifier: Apache-2.0
#include "daemon/override_store.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "daemon/lock_file.h"
#include "daemon/saved_overrides.h"
#include "daemon/sealed_file.h"
#include "daemon/staged_file.h"

namespace sluice {

namespace {

constexpr size_t kLargestFile = 4u << 20;
constexpr mode_t kMode = 0600;
constexpr size_t kLogged = 20;
constexpr int kAside = 9;
constexpr int64_t kClockStep = 2;  // seconds

Result<void> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return errno_error("make the folder " + path);
}

bool exists(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0;
}

int64_t offset_of(const Moment& m) {
  return m.wall - std::chrono::floor<std::chrono::seconds>(m.steady.time_since_epoch()).count();
}

// Those that hold on; the rest of very many is in `sluicectl status`.
void log_all(const Overrides& all) {
  size_t n = 0;
  for (const auto& [key, o] : all) {
    if (++n > kLogged) continue;
    spdlog::warn("override of {}: {}, said by {}, holds on", printable(to_string(key)),
                 word_for(o.kind), printable(o.by));
  }
  if (n > kLogged) spdlog::warn("and {} overrides more hold on", n - kLogged);
}

}  // namespace

OverrideStore OverrideStore::open(const std::string& folder, const Moment& now) {
  OverrideStore store(folder);
  store.clock_offset_ = offset_of(now);
  Result<void> ready = store.prepare();
  if (!ready) {
    store.write_trouble_ = ready.error().message;
    spdlog::warn("overrides cannot be kept: {}", ready.error().message);
    if (store.is_anothers_) return store;
  }
  store.load(now);
  return store;
}

Result<void> OverrideStore::prepare() {
  const std::string above = std::filesystem::path(folder_).parent_path();
  if (Result<void> r = make_folder(above); !r) return r;
  if (Result<void> r = make_folder(folder_); !r) return r;
  Result<UniqueFd> lock = take_lock(path() + ".lock");
  is_anothers_ = !lock && lock.error().code == EWOULDBLOCK;
  if (is_anothers_) return Error{"another sluiced keeps its overrides in " + folder_};
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  if (::access(folder_.c_str(), W_OK) < 0) return errno_error("write to " + folder_);
  return {};
}

void OverrideStore::load(const Moment& now) {
  Result<SealedText> sealed = read_sealed(path(), kLargestFile);
  if (!sealed && (sealed.error().code == ENOENT || sealed.error().code == ENOTDIR)) return;
  if (!sealed) {
    keep_aside(sealed.error().message);
    return;
  }
  Result<ReadOverrides> read = overrides_of_json(sealed->facts, now);
  if (!read) {
    keep_aside("read " + path() + ": " + read.error().message);
    return;
  }
  all_ = std::move(read->overrides);
  for (const std::string& over : read->over)
    spdlog::info("override of {}: its time was over before this start", printable(over));
  log_all(all_);
  if (!read->strange.empty()) {
    keep_aside(fmt::format("read {}: {}", path(), read->strange));
    save(now);
  } else if (!read->over.empty() && write_trouble_.empty()) {
    save(now);
  }
}

std::string OverrideStore::aside(int n) const {
  return path() + ".damaged" + (n > 1 ? fmt::format(".{}", n) : "");
}

void OverrideStore::keep_aside(const std::string& why) {
  int n = 1;
  while (n < kAside && exists(aside(n))) n++;
  spdlog::error(
      "overrides of backends are lost, nothing is drained or disabled by them any more: {}", why);
  if (::rename(path().c_str(), aside(n).c_str()) < 0)
    spdlog::error("{}", errno_error("keep it as " + aside(n)).message);
}

Result<void> OverrideStore::put(const OverrideKey& key, SavedOverride o, const Moment& now) {
  if (!all_.contains(key) && all_.size() >= kMost)
    return Error{fmt::format("there are {} overrides already: undo some", kMost)};
  all_[key] = std::move(o);
  save(now);
  return {};
}

bool OverrideStore::remove(const OverrideKey& key, const Moment& now) {
  if (all_.erase(key) == 0) return false;
  save(now);
  return true;
}

Overrides OverrideStore::tend(const Moment& now) {
  Overrides over;
  for (auto at = all_.begin(); at != all_.end();) {
    const auto next = std::next(at);
    if (at->second.ends && *at->second.ends <= now.steady) over.insert(all_.extract(at));
    at = next;
  }
  const bool stepped = std::abs(offset_of(now) - clock_offset_) >= kClockStep && next_end(all_);
  if (!over.empty() || stepped || !write_trouble_.empty()) save(now);
  return over;
}

void OverrideStore::save(const Moment& now) {
  if (is_anothers_) return;  // also when that one has gone: what it kept is not ours to replace
  Result<void> done = lock_.valid() ? Result<void>() : prepare();
  if (done) done = write(now);
  const std::string trouble = done ? "" : done.error().message;
  if (!trouble.empty() && trouble != write_trouble_)
    spdlog::error("overrides hold until sluiced ends, they cannot be kept: {}", trouble);
  if (trouble.empty() && !write_trouble_.empty()) spdlog::info("overrides are kept again");
  write_trouble_ = trouble;
  clock_offset_ = offset_of(now);
}

Result<void> OverrideStore::write(const Moment& now) const {
  if (all_.empty()) return remove_file(path());
  return replace_file(path(), seal({json_of(all_, now), ""}), kMode);
}

std::string OverrideStore::trouble() const {
  std::string out;
  for (int n = 1; n <= kAside && out.empty(); n++)
    if (exists(aside(n)))
      out = "some were lost, and are in " + aside(n) +
            " as far as they can be read: say again what is to hold, and remove that file";
  if (write_trouble_.empty()) return out;
  return (out.empty() ? "" : out + "; ") +
         ("they hold until sluiced ends, and cannot be kept: " + write_trouble_);
}

}  // namespace sluice
