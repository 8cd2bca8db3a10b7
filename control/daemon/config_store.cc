// SPDX-License-Identifier: Apache-2.0
#include "daemon/config_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>

#include "base/log.h"
#include "daemon/sealed_file.h"
#include "daemon/staged_file.h"

namespace sluice {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StoredConfig, at, by, generation, sha256, services, backends)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PendingConfig, deadline, timeout, after)

namespace {

constexpr size_t kLargestFile = (16u << 20) + 4096;  // the largest text, and facts
constexpr mode_t kMode = 0600;                       // there is a seed in it
constexpr size_t kDigits = 10;

Result<void> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return errno_error("make the folder " + path);
}

// Ours are well-formed if the seal holds; of another version they may lack something.
template <class T>
std::optional<T> facts_of(const SealedText& sealed) {
  try {
    return sealed.facts.get<T>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::optional<uint64_t> number_of(std::string_view name) {
  uint64_t number = 0;
  const auto r = std::from_chars(name.begin(), name.end(), number);
  if (name.size() != kDigits || r.ec != std::errc() || r.ptr != name.end()) return std::nullopt;
  return number;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), &::closedir);
  while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr)
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  return names;
}

}  // namespace

ConfigStore ConfigStore::open(const std::string& folder) {
  ConfigStore store(folder);
  if (Result<void> r = store.note(store.prepare()); !r)
    spdlog::warn("no configuration can be kept: {}", r.error().message);
  store.load();
  return store;
}

std::string ConfigStore::path_of(uint64_t number) const {
  return fmt::format("{}/history/{:0{}}", folder_, number, kDigits);
}

Result<void> ConfigStore::note(Result<void> result) {
  trouble_ = result ? "" : result.error().message;
  return result;
}

Result<void> ConfigStore::prepare() {
  const std::string above = std::filesystem::path(folder_).parent_path();
  if (Result<void> r = make_folder(above); !r) return r;
  if (Result<void> r = make_folder(folder_); !r) return r;
  if (Result<void> r = make_folder(folder_ + "/history"); !r) return r;
  if (::access(folder_.c_str(), W_OK) < 0) return errno_error("write to " + folder_);
  lock_ = UniqueFd(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock_.valid()) return errno_error("open " + folder_);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
  lock_ = {};
  return Error{"another sluiced keeps its configurations in " + folder_};
}

void ConfigStore::load() {
  const std::string folder = folder_ + "/history";
  for (const std::string& name : names_in(folder)) {
    const std::optional<uint64_t> number = number_of(name);
    if (!number) {
      spdlog::warn("{}/{} is none of ours", folder, printable(name));
      continue;
    }
    last_number_ = std::max(last_number_, *number);
    const Result<SealedText> sealed = read_sealed(path_of(*number), kLargestFile);
    std::optional<StoredConfig> entry = sealed ? facts_of<StoredConfig>(*sealed) : std::nullopt;
    if (!entry) {
      spdlog::warn("a configuration of the past is lost: {}",
                   sealed ? "another version wrote " + name : sealed.error().message);
      continue;
    }
    entry->number = *number;
    entries_.push_back(std::move(*entry));
  }
  std::ranges::sort(entries_, std::ranges::greater(), &StoredConfig::number);
}

Result<std::string> ConfigStore::text(size_t n) const {
  if (n >= entries_.size())
    return Error{fmt::format("there is no configuration {} in the history", n)};
  Result<SealedText> sealed = read_sealed(path_of(entries_[n].number), kLargestFile);
  if (!sealed) return sealed.error();
  return std::move(sealed->text);
}

Result<void> ConfigStore::add(StoredConfig entry, std::string_view text) {
  if (!lock_.valid())
    if (Result<void> r = note(prepare()); !r) return r;
  entry.number = last_number_ + 1;
  const std::string bytes = seal({entry, std::string(text)});
  if (Result<void> r = note(replace_file(path_of(entry.number), bytes, kMode)); !r) return r;
  last_number_ = entry.number;
  entries_.insert(entries_.begin(), std::move(entry));
  for (; entries_.size() > kKept; entries_.pop_back())
    if (Result<void> r = remove_file(path_of(entries_.back().number)); !r)
      spdlog::warn("{}", r.error().message);
  return {};
}

std::optional<PendingConfig> ConfigStore::pending() const {
  struct stat info;
  if (::lstat(pending_path().c_str(), &info) < 0 && errno == ENOENT) return std::nullopt;
  Result<SealedText> sealed = read_sealed(pending_path(), kLargestFile);
  std::optional<PendingConfig> pending = sealed ? facts_of<PendingConfig>(*sealed) : std::nullopt;
  if (!pending) {
    spdlog::error("what waited to be confirmed is lost, what is in the file stays: {}",
                  sealed ? "another version wrote " + pending_path() : sealed.error().message);
    return std::nullopt;
  }
  pending->before = std::move(sealed->text);
  return pending;
}

Result<void> ConfigStore::put_pending(const PendingConfig& pending) {
  if (!lock_.valid())
    if (Result<void> r = note(prepare()); !r) return r;
  return note(replace_file(pending_path(), seal({pending, pending.before}), kMode));
}

Result<void> ConfigStore::remove_pending() {
  return note(remove_file(pending_path()));
}

}  // namespace sluice
