// SPDX-License-Identifier: Apache-2.0
#include "agent/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include <cstring>

#include "base/log.h"

namespace sluice::agent {

namespace {

// A link that is ready to run the program, which it does not do yet if it was adopted.
struct Ready {
  Attached where;
  UniqueFd link;
  bool adopted;
};

bool allows(AttachMode wanted, XdpMode mode) {
  switch (wanted) {
    case AttachMode::kNative:
      return mode == XdpMode::kNative;
    case AttachMode::kGeneric:
      return mode == XdpMode::kGeneric;
    case AttachMode::kAuto:
      break;
  }
  return true;
}

// What the failure means to whoever has to mend it.
std::string explain(int error, const Target& target, XdpMode mode) {
  const std::string what = fmt::format("attach to {} in {} mode: {}", target.interface,
                                       to_string(mode), std::strerror(error));
  switch (error) {
    case EBUSY:
    case EEXIST:
      return what + " (another XDP program is there; sluice-agent removes none but its own)";
    case EOPNOTSUPP:
      return what + " (the driver has no native XDP)";
    case EINVAL:
    case ERANGE:
      return what + " (the driver refuses; usual causes: an MTU above its XDP limit, LRO on)";
    case EPERM:
      return what + " (needs CAP_NET_ADMIN and CAP_BPF)";
    default:
      return what;
  }
}

Result<Attached> look_at(const std::string& interface, int link_fd) {
  bpf_link_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(link_fd, &info, &size) != 0)
    return errno_error("look at the pinned link of " + interface);
  if (info.type != BPF_LINK_TYPE_XDP)
    return Error{"the pinned link of " + interface + " is not an XDP link"};
  Attached found = {.interface = interface, .ifindex = info.xdp.ifindex};
  if (found.ifindex == 0) return found;
  LIBBPF_OPTS(bpf_xdp_query_opts, query);
  if (int r = bpf_xdp_query(int(found.ifindex), 0, &query); r < 0)
    return errno_error("ask for the XDP mode of " + interface, r);
  found.mode = query.attach_mode == XDP_ATTACHED_SKB ? XdpMode::kGeneric : XdpMode::kNative;
  return found;
}

// The pinned link, if it can serve; one that cannot is removed.
Result<std::optional<Ready>> adopt(const Target& target, AttachMode wanted, const Pins& pins) {
  Result<std::optional<UniqueFd>> link = pins.open(link_name(target.interface));
  if (!link) return link.error();
  if (!*link) return std::optional<Ready>();
  Result<Attached> found = look_at(target.interface, (*link)->get());
  if (!found) return found.error();
  if (found->ifindex != target.ifindex) {
    spdlog::warn("{}: the interface is another than before; attaching anew", target.interface);
  } else if (allows(wanted, found->mode)) {
    return std::optional<Ready>(Ready{*found, std::move(**link), true});
  } else {
    spdlog::warn(
        "{}: detaching from {} mode to attach in another; packets stay in their tunnels "
        "meanwhile",
        target.interface, to_string(found->mode));
  }
  if (Result<void> r = detach(target.interface, pins); !r) return r.error();
  return std::optional<Ready>();
}

Result<Ready> create(const Target& target, AttachMode wanted, int program_fd) {
  std::string why;
  for (const XdpMode mode : {XdpMode::kNative, XdpMode::kGeneric}) {
    if (!allows(wanted, mode)) continue;
    LIBBPF_OPTS(bpf_link_create_opts, options,
                .flags = mode == XdpMode::kNative ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
    UniqueFd link(bpf_link_create(program_fd, int(target.ifindex), BPF_XDP, &options));
    if (link.valid()) {
      if (!why.empty()) spdlog::warn("{}; attached in generic mode, which is slow", why);
      return Ready{{target.interface, target.ifindex, mode}, std::move(link), false};
    }
    const int error = errno;
    why = explain(error, target, mode);
    if (error != EOPNOTSUPP) break;
  }
  return Error{why};
}

Result<void> commit(const Ready& ready, int program_fd, const Pins& pins) {
  if (!ready.adopted) return pins.pin(ready.link.get(), link_name(ready.where.interface));
  if (bpf_link_update(ready.link.get(), program_fd, nullptr) != 0)
    return errno_error("exchange the XDP program on " + ready.where.interface);
  return {};
}

}  // namespace

Result<std::vector<Attached>> attach(const std::vector<Target>& targets, AttachMode mode,
                                     int program_fd, const Pins& pins) {
  // Everything that can fail for a reason of the host's first: a link that is not pinned goes away
  // by itself.
  std::vector<Ready> all;
  for (const Target& target : targets) {
    Result<std::optional<Ready>> old = adopt(target, mode, pins);
    if (!old) return old.error();
    if (*old) {
      all.push_back(std::move(**old));
      continue;
    }
    Result<Ready> made = create(target, mode, program_fd);
    if (!made) return made.error();
    all.push_back(std::move(*made));
  }
  std::vector<Attached> attached;
  for (const Ready& ready : all) {
    if (Result<void> r = commit(ready, program_fd, pins); !r) return r.error();
    attached.push_back(ready.where);
  }
  return attached;
}

Result<void> detach(const std::string& interface, const Pins& pins) {
  Result<std::optional<UniqueFd>> link = pins.open(link_name(interface));
  // Whatever is pinned there if not a link: the pin goes, and that is what was asked for.
  if (link && *link) (void)bpf_link_detach((*link)->get());
  return pins.remove(link_name(interface));
}

Result<std::optional<Attached>> look_at_link(const std::string& interface, const Pins& pins) {
  Result<std::optional<UniqueFd>> link = pins.open(link_name(interface));
  if (!link) return link.error();
  if (!*link) return std::optional<Attached>();
  Result<Attached> found = look_at(interface, (*link)->get());
  if (!found) return found.error();
  return std::optional<Attached>(*found);
}

}  // namespace sluice::agent
