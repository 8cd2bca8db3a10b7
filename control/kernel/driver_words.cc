// SPDX-License-Identifier: Apache-2.0
#include "kernel/driver_words.h"

#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include <string_view>

#include "kernel/load_log.h"

namespace sluice {

std::string driver_words(uint32_t ifindex, int program_fd, uint32_t xdp_flags) {
  constexpr std::string_view kSaid = "Kernel error message: ";  // libbpf's, before the kernel's
  const LoadLog log;
  const uint32_t flags = xdp_flags | XDP_FLAGS_UPDATE_IF_NOEXIST;
  if (bpf_xdp_attach(int(ifindex), program_fd, flags, nullptr) == 0) {
    // What was in the way has just gone. A link is what is wanted, and not this.
    LIBBPF_OPTS(bpf_xdp_attach_opts, options, .old_prog_fd = program_fd);
    (void)bpf_xdp_detach(int(ifindex), xdp_flags | XDP_FLAGS_REPLACE, &options);
    return "";
  }
  const std::string all = log.tail();
  const size_t at = all.rfind(kSaid);
  if (at == std::string::npos) return "";
  const size_t from = at + kSaid.size();
  return all.substr(from, all.find('\n', from) - from);
}

}  // namespace sluice
