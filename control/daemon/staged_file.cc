// SPDX-License-Identifier: Apache-2.0
#include "daemon/staged_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "base/log.h"
#include "base/unique_fd.h"

namespace sluice {

namespace {

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

// Where a chain of links ends; `path` itself if that is nowhere yet.
std::string behind_links(const std::string& path) {
  std::error_code failed;
  const std::string target = std::filesystem::canonical(path, failed);
  return failed ? path : target;
}

Result<void> write_all(int fd, std::string_view text, const std::string& doing) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(doing);
    text.remove_prefix(size_t(n));
  }
  return {};
}

// Names are as lasting as their folder is.
Result<void> sync_folder(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) < 0) return errno_error("write the folder " + folder);
  return {};
}

}  // namespace

StagedFile::StagedFile(StagedFile&& other) noexcept
    : path_(std::exchange(other.path_, "")), lasting_(other.lasting_) {
}

StagedFile::~StagedFile() {
  if (!path_.empty()) ::unlink(temporary().c_str());
}

// Hidden, and nobody else's idea of a name: what stands there is removed.
std::string StagedFile::temporary() const {
  const std::filesystem::path path(path_);
  return folder_of(path_) + "/." + path.filename().string() + ".sluiced";
}

Result<void> StagedFile::fill(std::string_view text, mode_t mode) const {
  const std::string doing = "write " + temporary();
  ::unlink(temporary().c_str());  // left by one who died half way
  const UniqueFd fd(
      ::open(temporary().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return errno_error(doing);
  struct stat old = {};
  if (::stat(path_.c_str(), &old) == 0) {
    mode = old.st_mode & 07777;
    if ((old.st_uid != ::geteuid() || old.st_gid != ::getegid()) &&
        ::fchown(fd.get(), old.st_uid, old.st_gid) < 0)
      spdlog::warn("{} becomes ours: {}", path_, std::strerror(errno));
  }
  if (::fchmod(fd.get(), mode) < 0) return errno_error(doing);
  if (Result<void> r = write_all(fd.get(), text, doing); !r) return r;
  if (lasting_ == Lasting::kYes && ::fsync(fd.get()) < 0) return errno_error(doing);
  return {};
}

Result<StagedFile> StagedFile::write(const std::string& path, std::string_view text, mode_t mode,
                                     Lasting lasting) {
  StagedFile staged(behind_links(path), lasting);
  if (Result<void> r = staged.fill(text, mode); !r) return r.error();
  return staged;
}

Result<void> StagedFile::commit() {
  if (::rename(temporary().c_str(), path_.c_str()) < 0) return errno_error("replace " + path_);
  const std::string folder = folder_of(std::exchange(path_, ""));
  return lasting_ == Lasting::kYes ? sync_folder(folder) : Result<void>();
}

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode,
                          Lasting lasting) {
  Result<StagedFile> staged = StagedFile::write(path, text, mode, lasting);
  if (!staged) return staged.error();
  return staged->commit();
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) < 0) {
    if (errno == ENOENT) return {};
    return errno_error("remove " + path);
  }
  return sync_folder(folder_of(path));
}

}  // namespace sluice
