// SPDX-License-Identifier: Apache-2.0
#include "daemon/sealed_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "base/unique_fd.h"

namespace sluice {

Result<SealedText> read_sealed(const std::string& path, size_t largest) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) return errno_error("read " + path);
  struct stat info = {};
  if (::fstat(fd.get(), &info) < 0) return errno_error("read " + path);
  if (!S_ISREG(info.st_mode) || size_t(info.st_size) > largest)
    return Error{"read " + path + ": it is none of ours"};
  std::string bytes(size_t(info.st_size), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + path);
    if (n == 0) break;
    have += size_t(n);
  }
  std::optional<SealedText> sealed = unseal(std::string_view(bytes).substr(0, have));
  if (!sealed) return Error{"read " + path + ": it is damaged"};
  return std::move(*sealed);
}

}  // namespace sluice
