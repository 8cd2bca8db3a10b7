// SPDX-License-Identifier: Apache-2.0
// Result<T>: a T, or the Error that prevented it. The only way this code base reports a failure.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace sluice {

struct Error {
  std::string message;  // what was being done, to what, and why it failed
  int code = 0;         // the errno value of the call that failed; 0: none did
};

// The Error of a system call that has just failed: "<doing>: <strerror(errno)>".
inline Error errno_error(const std::string& doing) {
  const int code = errno;
  return Error{doing + ": " + std::strerror(code), code};
}

// The Error of a call that reports -errno in its return value (libbpf, sd-event).
inline Error errno_error(const std::string& doing, int negative_errno) {
  return Error{doing + ": " + std::strerror(-negative_errno), -negative_errno};
}

// tl::expected<T, Error> that may not be ignored and is made from an Error directly.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}
};

}  // namespace sluice
