// SPDX-License-Identifier: Apache-2.0
#include "daemon/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>

namespace sluice {

Result<UniqueFd> take_lock(const std::string& path) {
  // Not for writing: that would hold up who wants to mount the file system read-only, and where it
  // is so already, the lock that is there can be taken all the same.
  constexpr int kFlags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  UniqueFd fd(::open(path.c_str(), kFlags, 0600));
  if (!fd.valid()) return errno_error("open " + path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) return errno_error("lock " + path);
  return fd;
}

}  // namespace sluice
