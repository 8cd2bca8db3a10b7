// SPDX-License-Identifier: Apache-2.0
#include "agent/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace sluice::agent {

namespace {

constexpr std::string_view kLinkPrefix = "link-";
constexpr std::string_view kClampPrefix = "mss-";
constexpr std::string_view kNewPrefix = "new-";

std::string parent_of(const Place& place) {
  return place.bpffs + "/sluice-agent";
}

Result<void> check_bpffs(const std::string& path) {
  struct statfs fs;
  if (::statfs(path.c_str(), &fs) != 0) return errno_error("look at " + path);
  if (uint32_t(fs.f_type) != uint32_t(BPF_FS_MAGIC))
    return Error{path + " is not a BPF file system; mount one: mount -t bpf bpf " + path};
  return {};
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return errno_error("make directory " + path);
}

Result<void> unlink_path(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + path);
  return {};
}

// A BPF file system refuses names with a dot, which VLAN interfaces have; no interface's name has a
// colon.
std::string name_of(std::string_view prefix, const std::string& interface) {
  std::string name = std::string(prefix) + interface;
  std::replace(name.begin(), name.end(), '.', ':');
  return name;
}

}  // namespace

std::string link_name(const std::string& interface) {
  return name_of(kLinkPrefix, interface);
}

std::string clamp_name(const std::string& interface) {
  return name_of(kClampPrefix, interface);
}

Result<Pins> Pins::create(const Place& place) {
  if (Result<void> r = check_bpffs(place.bpffs); !r) return r.error();
  const std::string parent = parent_of(place), directory = parent + "/" + place.instance;
  if (Result<void> r = make_directory(parent); !r) return r.error();
  if (Result<void> r = make_directory(directory); !r) return r.error();

  UniqueFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!lock.valid()) return errno_error("open " + directory);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return Pins(parent, directory, std::move(lock));
  if (errno != EWOULDBLOCK) return errno_error("lock " + directory);
  return Error{"another sluice-agent runs instance \"" + place.instance + "\" (it holds " +
               directory + ")"};
}

Result<std::optional<Pins>> Pins::look(const Place& place) {
  if (Result<void> r = check_bpffs(place.bpffs); !r) return r.error();
  const std::string parent = parent_of(place), directory = parent + "/" + place.instance;
  if (::access(directory.c_str(), R_OK | X_OK) == 0)
    return std::optional<Pins>(Pins(parent, directory, UniqueFd()));
  if (errno != ENOENT) return errno_error("look at " + directory);
  return std::optional<Pins>();
}

Result<std::vector<std::string>> Pins::list() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory_.c_str()), &::closedir);
  if (!dir) return errno_error("list " + directory_);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get()))
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> Pins::interfaces() const {
  return interfaces_of(kLinkPrefix);
}

Result<std::vector<std::string>> Pins::clamped() const {
  return interfaces_of(kClampPrefix);
}

Result<std::vector<std::string>> Pins::interfaces_of(std::string_view prefix) const {
  Result<std::vector<std::string>> names = list();
  if (!names) return names;
  std::vector<std::string> interfaces;
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix)) continue;
    interfaces.push_back(name.substr(prefix.size()));
    std::replace(interfaces.back().begin(), interfaces.back().end(), ':', '.');
  }
  return interfaces;
}

Result<void> Pins::pin(int fd, const std::string& name) const {
  const std::string to = path(name), made = path(std::string(kNewPrefix) + name);
  // May be left from a process that was killed between the two steps.
  if (Result<void> r = unlink_path(made); !r) return r;
  if (bpf_obj_pin(fd, made.c_str()) != 0) return errno_error("pin " + to);
  if (::rename(made.c_str(), to.c_str()) != 0) return errno_error("pin " + to);
  return {};
}

Result<std::optional<UniqueFd>> Pins::open(const std::string& name) const {
  UniqueFd fd(bpf_obj_get(path(name).c_str()));
  if (fd.valid()) return std::optional<UniqueFd>(std::move(fd));
  if (errno != ENOENT) return errno_error("open the pin " + path(name));
  return std::optional<UniqueFd>();
}

Result<void> Pins::remove(const std::string& name) const {
  return unlink_path(path(name));
}

void Pins::remove_if_empty() const {
  struct stat ours, there;
  if (::fstat(lock_.get(), &ours) != 0 || ::stat(directory_.c_str(), &there) != 0) return;
  if (ours.st_ino != there.st_ino) return;  // unloaded meanwhile, and made anew by another process
  if (::rmdir(directory_.c_str()) == 0) ::rmdir(parent_.c_str());
}

Result<std::vector<std::string>> Pins::remove_all() const {
  Result<std::vector<std::string>> names = list();
  if (!names) return names;
  std::vector<std::string> removed;
  for (const std::string& name : *names) {
    if (Result<void> r = remove(name); !r) return r.error();
    removed.push_back(path(name));
  }
  // A `run` that notices that its pins are gone may have been quicker.
  if (::rmdir(directory_.c_str()) != 0 && errno != ENOENT)
    return errno_error("remove directory " + directory_);
  removed.push_back(directory_);
  ::rmdir(parent_.c_str());  // stays if another instance is in it
  return removed;
}

}  // namespace sluice::agent
