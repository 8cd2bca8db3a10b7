// SPDX-License-Identifier: Apache-2.0
#include "kernel/xdp_link.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include <vector>

#include "base/log.h"
#include "kernel/driver_words.h"
#include "kernel/pin.h"

namespace sluice {

namespace {

uint32_t flags_of(XdpMode mode) {
  switch (mode) {
    case XdpMode::kNative:
      return XDP_FLAGS_DRV_MODE;
    case XdpMode::kGeneric:
      return XDP_FLAGS_SKB_MODE;
    case XdpMode::kOffload:
      break;
  }
  return XDP_FLAGS_HW_MODE;
}

// How the program `id` on the interface runs now. A device may run one beside the host's.
Result<XdpMode> mode_on(uint32_t ifindex, uint32_t id) {
  LIBBPF_OPTS(bpf_xdp_query_opts, query);
  if (int r = bpf_xdp_query(int(ifindex), 0, &query); r < 0)
    return errno_error("ask for the interface's XDP mode", r);
  if (query.hw_prog_id != 0 && query.hw_prog_id == id) return XdpMode::kOffload;
  return query.attach_mode == XDP_ATTACHED_SKB ? XdpMode::kGeneric : XdpMode::kNative;
}

// What an attach failure means to whoever has to mend it. `says`: the driver itself.
std::string explain(int error, const Interface& wanted, XdpMode mode, const std::string& says) {
  const std::string what =
      fmt::format("attach to {} in {} mode: {}{}{}", wanted.name, to_string(mode), strerror(error),
                  says.empty() ? "" : ": ", says);
  switch (error) {
    case EBUSY:
    case EEXIST:
      return what +
             " (another XDP program is there; sluice does not remove programs of others, and joins "
             "those of libxdp's dispatcher where the interface has `share: true`)";
    case EOPNOTSUPP:
      if (mode == XdpMode::kOffload) return what + " (the driver runs no programs in the device)";
      return what + " (the driver has no native XDP; modes generic and tc work everywhere, slowly)";
    case EINVAL:
    case ERANGE:
      if (!says.empty()) return what + " (the driver refuses)";
      return what + " (the driver refuses; usual causes: an MTU above its XDP limit, LRO on)";
    case EPERM:
      return what + " (needs CAP_NET_ADMIN and CAP_BPF)";
    default:
      return what;
  }
}

}  // namespace

const char* to_string(XdpMode mode) {
  switch (mode) {
    case XdpMode::kNative:
      return "native";
    case XdpMode::kGeneric:
      return "generic";
    case XdpMode::kOffload:
      break;
  }
  return "offload";
}

std::vector<XdpMode> allowed(AttachMode wanted) {
  switch (wanted) {
    case AttachMode::kAuto:
      return {XdpMode::kNative, XdpMode::kGeneric};
    case AttachMode::kNative:
      return {XdpMode::kNative};
    case AttachMode::kGeneric:
      return {XdpMode::kGeneric};
    case AttachMode::kOffload:
      return {XdpMode::kOffload};
    case AttachMode::kTc:
      break;
  }
  return {};
}

bool allows(AttachMode wanted, XdpMode mode) {
  for (const XdpMode m : allowed(wanted))
    if (m == mode) return true;
  return false;
}

Result<XdpLink> XdpLink::create(const Interface& wanted, uint32_t ifindex, int program_fd,
                                const std::string& pin) {
  std::string why;
  int error = 0;
  for (const XdpMode mode : allowed(wanted.mode)) {
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags_of(mode));
    UniqueFd link(bpf_link_create(program_fd, int(ifindex), BPF_XDP, &options));
    if (!link.valid()) {
      error = errno;
      why = explain(error, wanted, mode, driver_words(ifindex, program_fd, flags_of(mode)));
      if (error != EOPNOTSUPP) break;
      continue;
    }
    if (!why.empty()) spdlog::warn("{}; attached in generic mode, which is slow", why);
    if (bpf_obj_pin(link.get(), pin.c_str()) != 0) return errno_error("pin the link as " + pin);
    return XdpLink(ifindex, mode, std::move(link));
  }
  return Error{why, error};
}

Result<std::optional<XdpLink>> XdpLink::look_at(const std::string& pin) {
  Result<std::optional<UniqueFd>> link = open_pin(pin);
  if (!link) return link.error();
  if (!*link || !is_link((*link)->get())) return std::optional<XdpLink>();
  bpf_link_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd((*link)->get(), &info, &size) != 0)
    return errno_error("look at what is pinned as " + pin);
  if (info.type != BPF_LINK_TYPE_XDP) return std::optional<XdpLink>();
  XdpMode mode = XdpMode::kNative;
  if (info.xdp.ifindex != 0) {
    Result<XdpMode> now = mode_on(info.xdp.ifindex, info.prog_id);
    if (!now) return now.error();
    mode = *now;
  }
  return std::optional<XdpLink>(XdpLink(info.xdp.ifindex, mode, std::move(**link)));
}

bool XdpLink::alive() const {
  bpf_link_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(link_.get(), &info, &size) != 0) return false;
  return info.xdp.ifindex != 0 && info.xdp.ifindex == ifindex_;
}

Result<void> XdpLink::replace(int program_fd, int old_program_fd) const {
  LIBBPF_OPTS(bpf_link_update_opts, options);
  if (old_program_fd >= 0) {
    options.flags = BPF_F_REPLACE;
    options.old_prog_fd = uint32_t(old_program_fd);
  }
  if (bpf_link_update(link_.get(), program_fd, &options) != 0)
    return errno_error("exchange the program of an XDP link");
  return {};
}

Result<void> XdpLink::detach() const {
  if (bpf_link_detach(link_.get()) != 0 && errno != ENOLINK)
    return errno_error("detach an XDP link");
  return {};
}

}  // namespace sluice
