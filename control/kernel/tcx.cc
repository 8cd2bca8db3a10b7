// SPDX-License-Identifier: Apache-2.0
#include "kernel/tcx.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

namespace sluice::tcx {

namespace {

// As in linux/bpf.h since 6.6. They get names of our own, because the newer header's are
// enumerators, which the preprocessor cannot ask for.
constexpr uint32_t kTcxIngress = 46;   // BPF_TCX_INGRESS
constexpr uint32_t kTcxEgress = 47;    // BPF_TCX_EGRESS
constexpr uint32_t kLinkTypeTcx = 11;  // BPF_LINK_TYPE_TCX
struct TcxInfo {                       // bpf_link_info.tcx
  uint32_t ifindex;
  uint32_t attach_type;
};

std::string explain(int error, const TcPlace& place) {
  const std::string what = fmt::format("attach to {}: {}", place.to_string(), std::strerror(error));
  switch (error) {
    case ERANGE:
      return what + " (there are as many programs as the kernel allows)";
    case EPERM:
      return what + " (needs CAP_NET_ADMIN and CAP_BPF)";
    default:
      return what;
  }
}

}  // namespace

// bpf_link_create() of libbpf 1.1 hands attach types that it does not know to the kernel as they
// are, and so do all newer ones for those without options.
Result<std::optional<UniqueFd>> attach(const TcPlace& place, int program_fd) {
  const uint32_t type = place.hook == TcHook::kIngress ? kTcxIngress : kTcxEgress;
  UniqueFd link(
      bpf_link_create(program_fd, int(place.ifindex), static_cast<bpf_attach_type>(type), nullptr));
  if (link.valid()) return std::optional<UniqueFd>(std::move(link));
  // The answer both of kernels that do not know the attach type and of those built without it.
  const int error = errno;
  if (error == EINVAL) return std::optional<UniqueFd>();
  return Error{explain(error, place), error};
}

Result<std::optional<Where>> look_at(int link_fd) {
  bpf_link_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(link_fd, &info, &size) != 0) return errno_error("look at a tc link");
  if (info.type != kLinkTypeTcx) return std::optional<Where>();
  // The kernel's union begins where this header's does.
  TcxInfo tcx;
  static_assert(sizeof(info) >= offsetof(bpf_link_info, xdp) + sizeof(tcx));
  std::memcpy(&tcx, &info.xdp, sizeof(tcx));
  return std::optional<Where>(
      Where{tcx.ifindex, tcx.attach_type == kTcxIngress ? TcHook::kIngress : TcHook::kEgress});
}

}  // namespace sluice::tcx
