// SPDX-License-Identifier: Apache-2.0
#include "kernel/tc_filter.h"

#include <bpf/bpf.h>

#include "base/log.h"
#include "kernel/pin.h"
#include "kernel/tcx.h"

namespace sluice {

const char* to_string(TcKind kind) {
  return kind == TcKind::kTcx ? "tcx" : "clsact";
}

Result<TcFilter> TcFilter::put(const TcPlace& place, int program_fd, const std::string& pin,
                               std::optional<TcKind> wanted) {
  Result<std::optional<TcFilter>> old = adopt(place, pin, wanted);
  if (!old) return old.error();
  if (!*old) return create(place, program_fd, pin, wanted);
  if (Result<void> r = (*old)->replace(program_fd); !r)
    return Error{place.to_string() + ": " + r.error().message};
  return std::move(**old);
}

// What is pinned, if it can serve; what cannot is removed.
Result<std::optional<TcFilter>> TcFilter::adopt(const TcPlace& place, const std::string& pin,
                                                std::optional<TcKind> wanted) {
  Result<std::optional<TcFilter>> old = look_at(pin);
  if (!old || !*old) return old;
  const bool there = (*old)->alive() && (*old)->ifindex_ == place.ifindex;
  const bool as_wanted =
      (*old)->hook_ == place.hook && (*old)->kind() == wanted.value_or((*old)->kind());
  if (there && as_wanted) return old;
  if (there)
    spdlog::warn("{}: detaching a {} program to attach in another way; packets pass meanwhile",
                 place.interface, to_string((*old)->kind()));
  else
    spdlog::warn("{}: what ran here is gone; attaching anew", place.to_string());
  if (Result<void> r = remove(pin); !r) return r.error();
  return std::optional<TcFilter>();
}

Result<TcFilter> TcFilter::create(const TcPlace& place, int program_fd, const std::string& pin,
                                  std::optional<TcKind> wanted) {
  if (wanted != TcKind::kClsact) {
    Result<std::optional<UniqueFd>> link = tcx::attach(place, program_fd);
    if (!link) return link.error();
    if (*link) {
      if (!pin.empty() && bpf_obj_pin((*link)->get(), pin.c_str()) != 0)
        return errno_error("pin the link as " + pin);
      return TcFilter(place.ifindex, place.hook, Link{std::move(**link)});
    }
    if (wanted) return Error{"attach to " + place.to_string() + ": this kernel has no TCX"};
  }
  Result<clsact::Filter> filter = clsact::Filter::create(place, program_fd, pin);
  if (!filter) return filter.error();
  return TcFilter(place.ifindex, place.hook, std::move(*filter));
}

Result<std::optional<TcFilter>> TcFilter::look_at(const std::string& pin) {
  Result<std::optional<UniqueFd>> fd = open_pin(pin);
  if (!fd) return fd.error();
  if (!*fd) return std::optional<TcFilter>();
  if (is_link((*fd)->get())) {
    Result<std::optional<tcx::Where>> where = tcx::look_at((*fd)->get());
    if (!where) return Error{pin + ": " + where.error().message};
    if (!*where) return Error{pin + " is a link, and neither an XDP nor a tc one"};
    return std::optional<TcFilter>(
        TcFilter((*where)->ifindex, (*where)->hook, Link{std::move(**fd)}));
  }
  Result<std::optional<clsact::Filter>> filter = clsact::Filter::open(std::move(**fd));
  if (!filter) return Error{pin + ": " + filter.error().message};
  if (!*filter) return Error{pin + " is neither a tc link nor the claim of a tc filter"};
  const uint32_t ifindex = (*filter)->ifindex();
  const TcHook hook = (*filter)->hook();
  return std::optional<TcFilter>(TcFilter(ifindex, hook, std::move(**filter)));
}

// Removing the pin alone would detach a link a moment later, and a filter never.
Result<void> TcFilter::remove(const std::string& pin) {
  Result<std::optional<TcFilter>> found = look_at(pin);
  if (!found) return found.error();
  if (!*found) return {};
  if (const Link* link = std::get_if<Link>(&(*found)->held_)) {
    if (bpf_link_detach(link->fd.get()) != 0 && errno != ENOLINK)
      return errno_error("detach the link " + pin);
  } else if (Result<void> r = std::get<clsact::Filter>((*found)->held_).remove(); !r) {
    return r;
  }
  return unpin(pin);
}

TcKind TcFilter::kind() const {
  return std::holds_alternative<Link>(held_) ? TcKind::kTcx : TcKind::kClsact;
}

bool TcFilter::alive() const {
  if (const auto* filter = std::get_if<clsact::Filter>(&held_)) {
    const Result<bool> runs = filter->runs();
    return runs && *runs;
  }
  const Result<std::optional<tcx::Where>> where = tcx::look_at(std::get<Link>(held_).fd.get());
  return where && *where && (*where)->ifindex != 0;
}

Result<void> TcFilter::replace(int program_fd, int old_program_fd) {
  if (auto* filter = std::get_if<clsact::Filter>(&held_)) return filter->replace(program_fd);
  LIBBPF_OPTS(bpf_link_update_opts, options);
  if (old_program_fd >= 0) {
    options.flags = BPF_F_REPLACE;
    options.old_prog_fd = uint32_t(old_program_fd);
  }
  if (bpf_link_update(std::get<Link>(held_).fd.get(), program_fd, &options) != 0)
    return errno_error("exchange the program of a tc link");
  return {};
}

}  // namespace sluice
