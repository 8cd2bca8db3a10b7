// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include <algorithm>
#include <vector>

#include "base/log.h"

namespace sluice {

namespace {

constexpr std::string_view kPinPrefix = "link-";

uint32_t flags_of(XdpMode mode) {
  return mode == XdpMode::kNative ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

std::vector<XdpMode> allowed(AttachMode wanted) {
  switch (wanted) {
    case AttachMode::kNative:
      return {XdpMode::kNative};
    case AttachMode::kGeneric:
      return {XdpMode::kGeneric};
    case AttachMode::kAuto:
      break;
  }
  return {XdpMode::kNative, XdpMode::kGeneric};
}

bool allows(AttachMode wanted, XdpMode mode) {
  for (XdpMode m : allowed(wanted))
    if (m == mode) return true;
  return false;
}

// The interface a link is on; 0 once that interface was deleted.
Result<uint32_t> ifindex_of(int link_fd) {
  bpf_link_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(link_fd, &info, &size) != 0) return errno_error("look at an XDP link");
  if (info.type != BPF_LINK_TYPE_XDP) return Error{"the pinned link is not an XDP link"};
  return info.xdp.ifindex;
}

// How the program on the interface runs now.
Result<XdpMode> mode_on(uint32_t ifindex) {
  LIBBPF_OPTS(bpf_xdp_query_opts, query);
  if (int r = bpf_xdp_query(int(ifindex), 0, &query); r < 0)
    return errno_error("ask for the interface's XDP mode", r);
  return query.attach_mode == XDP_ATTACHED_SKB ? XdpMode::kGeneric : XdpMode::kNative;
}

// What an attach failure means to whoever has to mend it.
std::string explain(int error, const Interface& wanted, XdpMode mode) {
  const std::string what =
      fmt::format("attach to {} in {} mode: {}", wanted.name, to_string(mode), strerror(error));
  switch (error) {
    case EBUSY:
      return what + " (another XDP program is there; sluice does not remove programs of others)";
    case EOPNOTSUPP:
      return what + " (the driver has no native XDP; mode: generic works everywhere, slowly)";
    case EINVAL:
    case ERANGE:
      return what + " (the driver refuses; usual causes: an MTU above its XDP limit, LRO on)";
    case EPERM:
      return what + " (needs CAP_NET_ADMIN and CAP_BPF)";
    default:
      return what;
  }
}

}  // namespace

const char* to_string(XdpMode mode) {
  return mode == XdpMode::kNative ? "native" : "generic";
}

std::string Attachment::pin_name(const std::string& interface) {
  std::string name = std::string(kPinPrefix) + interface;
  std::replace(name.begin(), name.end(), '.', ':');
  return name;
}

std::optional<std::string> Attachment::interface_of_pin(const std::string& pin) {
  if (!pin.starts_with(kPinPrefix)) return std::nullopt;
  std::string name = pin.substr(kPinPrefix.size());
  std::replace(name.begin(), name.end(), ':', '.');
  return name;
}

Result<Attachment> Attachment::put(const Interface& wanted, uint32_t ifindex, int program_fd,
                                   const Pins& pins) {
  Result<std::optional<Attachment>> old = adopt(wanted, ifindex, pins);
  if (!old) return old.error();
  if (!*old) return create(wanted, ifindex, program_fd, pins);
  if (Result<void> r = (*old)->replace(program_fd); !r) return r.error();
  return std::move(**old);
}

// The pinned link, if it can serve; one that cannot is removed.
Result<std::optional<Attachment>> Attachment::adopt(const Interface& wanted, uint32_t ifindex,
                                                    const Pins& pins) {
  const std::string pin = pins.path(pin_name(wanted.name));
  UniqueFd link(bpf_obj_get(pin.c_str()));
  if (!link.valid()) {
    if (errno == ENOENT) return std::optional<Attachment>();
    return errno_error("open the pinned link " + pin);
  }
  Result<uint32_t> on = ifindex_of(link.get());
  if (!on) return Error{pin + ": " + on.error().message};
  if (*on == ifindex) {
    Result<XdpMode> mode = mode_on(ifindex);
    if (!mode) return mode.error();
    if (allows(wanted.mode, *mode))
      return std::optional<Attachment>(Attachment(wanted.name, ifindex, *mode, std::move(link)));
    spdlog::warn("{}: detaching from {} mode to attach in another; packets pass meanwhile",
                 wanted.name, to_string(*mode));
  } else {
    spdlog::warn("{}: the old link's interface is gone; attaching anew", wanted.name);
  }
  if (Result<void> r = remove(pin_name(wanted.name), pins); !r) return r.error();
  return std::optional<Attachment>();
}

// Removing the pin alone would detach a moment later: the kernel frees a link when it gets round to
// it, and a new one finds the interface taken.
Result<void> Attachment::remove(const std::string& pin, const Pins& pins) {
  UniqueFd link(bpf_obj_get(pins.path(pin).c_str()));
  if (!link.valid()) return errno_error("open the pinned link " + pins.path(pin));
  if (bpf_link_detach(link.get()) != 0 && errno != ENOLINK)
    return errno_error("detach the link " + pins.path(pin));
  return pins.remove(pin);
}

Result<Attachment> Attachment::create(const Interface& wanted, uint32_t ifindex, int program_fd,
                                      const Pins& pins) {
  std::string why;
  for (XdpMode mode : allowed(wanted.mode)) {
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags_of(mode));
    UniqueFd link(bpf_link_create(program_fd, int(ifindex), BPF_XDP, &options));
    if (!link.valid()) {
      why = explain(errno, wanted, mode);
      if (errno != EOPNOTSUPP) return Error{why};
      continue;
    }
    if (!why.empty()) spdlog::warn("{}; attached in generic mode, which is slow", why);
    const std::string pin = pins.path(pin_name(wanted.name));
    if (bpf_obj_pin(link.get(), pin.c_str()) != 0) return errno_error("pin the link as " + pin);
    return Attachment(wanted.name, ifindex, mode, std::move(link));
  }
  return Error{why};
}

Result<void> Attachment::replace(int program_fd) const {
  if (bpf_link_update(link_.get(), program_fd, nullptr) != 0)
    return errno_error("exchange the XDP program on " + interface_);
  return {};
}

bool Attachment::alive() const {
  Result<uint32_t> on = ifindex_of(link_.get());
  return on && *on == ifindex_;
}

}  // namespace sluice
