// SPDX-License-Identifier: Apache-2.0
#include "api/socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace sluice::api {

namespace {

constexpr mode_t kMode = 0660;
constexpr int kBacklog = 64;

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address = {.sun_family = AF_UNIX};
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return Error{"use the socket path \"" + path + "\": it must have 1 to " +
                 std::to_string(sizeof(address.sun_path) - 1) + " characters"};
  path.copy(address.sun_path, path.size());
  return address;
}

Result<UniqueFd> stream_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_error("create a Unix socket");
  return fd;
}

// The umask for one scope. It belongs to the whole process: nobody else may create files meanwhile.
class ScopedUmask {
 public:
  explicit ScopedUmask(mode_t mask) : old_(::umask(mask)) {}
  ~ScopedUmask() { ::umask(old_); }
  ScopedUmask(const ScopedUmask&) = delete;
  ScopedUmask& operator=(const ScopedUmask&) = delete;

 private:
  mode_t old_;
};

// The folder is systemd's to make (RuntimeDirectory=); by hand it may be missing after a boot.
Result<void> make_parent(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  if (parent.empty() || ::mkdir(parent.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return errno_error("create " + parent);
}

Result<UniqueFd> take_lock(const std::string& socket_path) {
  const std::string path = socket_path + ".lock";
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return errno_error("open " + path);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK)
    return Error{"another sluiced serves " + socket_path + " (it holds " + path + ")"};
  return errno_error("lock " + path);
}

// A socket listening at `path`, where nothing may be.
Result<UniqueFd> bind_and_listen(const std::string& path) {
  Result<sockaddr_un> address = unix_address(path);
  if (!address) return address.error();
  Result<UniqueFd> fd = stream_socket();
  if (!fd) return fd;
  {
    const ScopedUmask mask(0777 & ~kMode);
    if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) < 0)
      return errno_error("bind " + path);
  }
  if (::listen(fd->get(), kBacklog) < 0) return errno_error("listen on " + path);
  return fd;
}

}  // namespace

Result<Occupant> probe_socket(const std::string& path) {
  const std::string doing = "connect to " + path;
  Result<sockaddr_un> address = unix_address(path);
  if (!address) return address.error();
  struct stat info;
  if (::lstat(path.c_str(), &info) < 0) {
    if (errno == ENOENT) return Occupant::kNobody;
    return errno_error(doing);
  }
  if (!S_ISSOCK(info.st_mode)) return Error{doing + ": it is not a socket"};
  Result<UniqueFd> fd = stream_socket();
  if (!fd) return fd.error();
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0)
    return Occupant::kListener;
  if (errno == EAGAIN) return Occupant::kListener;  // its backlog is full
  if (errno == ECONNREFUSED) return Occupant::kStale;
  if (errno == ENOENT) return Occupant::kNobody;
  return errno_error(doing);
}

Result<ListeningSocket> ListeningSocket::open(const std::string& path) {
  const std::string temporary = path + ".new";
  if (Result<sockaddr_un> address = unix_address(temporary); !address) return address.error();
  if (Result<void> made = make_parent(path); !made) return made.error();
  Result<UniqueFd> lock = take_lock(path);
  if (!lock) return lock.error();
  Result<Occupant> occupant = probe_socket(path);
  if (!occupant) return Error{"take the API's socket: " + occupant.error().message};
  if (*occupant == Occupant::kListener)
    return Error{"another process listens on " + path + " (another sluiced?)"};

  ::unlink(temporary.c_str());  // left by one who died between bind and rename; the lock is ours
  Result<UniqueFd> fd = bind_and_listen(temporary);
  if (!fd) return fd.error();
  if (::rename(temporary.c_str(), path.c_str()) < 0) {
    const Error error = errno_error("rename " + temporary + " to " + path);
    ::unlink(temporary.c_str());
    return error;
  }
  return ListeningSocket(path, std::move(*lock), std::move(*fd));
}

ListeningSocket::~ListeningSocket() {
  if (fd_.valid()) ::unlink(path_.c_str());
}

}  // namespace sluice::api
