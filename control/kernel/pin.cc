// SPDX-License-Identifier: Apache-2.0
#include "kernel/pin.h"

#include <bpf/bpf.h>
#include <unistd.h>

namespace sluice {

Result<std::optional<UniqueFd>> open_pin(const std::string& path) {
  UniqueFd fd(bpf_obj_get(path.c_str()));
  if (fd.valid()) return std::optional<UniqueFd>(std::move(fd));
  if (errno == ENOENT) return std::optional<UniqueFd>();
  return errno_error("open the pin " + path);
}

Result<void> unpin(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove the pin " + path);
  return {};
}

}  // namespace sluice
