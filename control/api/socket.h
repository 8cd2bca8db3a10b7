// SPDX-License-Identifier: Apache-2.0
// The Unix socket the API is served on: asking who is there, and taking it.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::api {

enum class Occupant {
  kNobody,    // no such file
  kStale,     // a socket that nobody listens on
  kListener,  // somebody accepts connections
};

// Who is at `path`, found out by connecting. An error if it cannot be told (no permission) or if
// something else than a stream socket is there.
Result<Occupant> probe_socket(const std::string& path);

// A listening socket at a path of its own; destroying it removes the path.
class ListeningSocket {
 public:
  // Listens at `path` with mode 0660 from the first moment on, so there is no window in which
  // others could connect. A stale socket is replaced by rename(2); the lock file `path`.lock, kept
  // for as long as we listen, is what makes two starters at once safe.
  static Result<ListeningSocket> open(const std::string& path);

  ListeningSocket(ListeningSocket&& other) noexcept = default;
  ~ListeningSocket();

  int fd() const { return fd_.get(); }

 private:
  ListeningSocket(std::string path, UniqueFd lock, UniqueFd fd)
      : path_(std::move(path)), lock_(std::move(lock)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd lock_;
  UniqueFd fd_;
};

}  // namespace sluice::api
