// SPDX-License-Identifier: Apache-2.0
#include "agent/program.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cstdlib>

#include "agent/keys.h"
#include "agent_tc.skel.h"
#include "agent_xdp.skel.h"
#include "kernel/attached_program.h"
#include "kernel/load_log.h"
#include "kernel/skeleton.h"

namespace sluice::agent {

// One of the two; their maps are the same.
struct Program::Loaded {
  SkeletonPtr<agent_xdp> xdp;
  SkeletonPtr<agent_tc> tc;

  const bpf_object* object() const { return xdp ? xdp->obj : tc->obj; }
  // `name` as in dataplane/agent/maps.bpf.h.
  const bpf_map* map(const char* name) const {
    const bpf_map* found = bpf_object__find_map_by_name(object(), name);
    if (!found) std::abort();
    return found;
  }
};

namespace {

template <class T>
Result<void> add(const bpf_map* map, const T& item) {
  const auto key = to_key(item);
  const uint32_t value = 1;
  if (bpf_map_update_elem(bpf_map__fd(map), &key, &value, BPF_ANY) == 0) return {};
  return errno_error(std::string("put ") + item.to_string() + " into the map " +
                     bpf_map__name(map));
}

template <class T>
Result<void> add_all(const bpf_map* map, const T& items) {
  for (const auto& item : items)
    if (Result<void> r = add(map, item); !r) return r;
  return {};
}

Result<void> add_ports(const bpf_map* map, const std::vector<TunnelPort>& ports) {
  for (const TunnelPort& p : ports) {
    const uint16_t key = htons(p.port);
    const uint32_t value = p.kind;
    if (bpf_map_update_elem(bpf_map__fd(map), &key, &value, BPF_ANY) != 0)
      return errno_error(fmt::format("put port {} into the map ports", p.port));
  }
  return {};
}

template <class Skeleton>
Result<void> load_skeleton(SkeletonPtr<Skeleton>& skeleton, const char* hook) {
  LoadLog log;
  skeleton.reset(Skeleton::open());
  if (!skeleton) return errno_error("open the embedded BPF object");
  const int r = Skeleton::load(skeleton.get());
  if (r == 0) return {};
  const char* hint = r == -EPERM ? " (needs CAP_BPF and CAP_NET_ADMIN)" : "";
  return Error{errno_error(fmt::format("load the {} program", hook), r).message + hint +
               log.tail()};
}

}  // namespace

Program::Program(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {
}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Result<Program> Program::load(const Settings& settings) {
  auto loaded = std::make_unique<Loaded>();
  Result<void> done = hook_of(settings.mode) == Hook::kXdp ? load_skeleton(loaded->xdp, "XDP")
                                                           : load_skeleton(loaded->tc, "tc");
  if (!done) return done.error();
  if (Result<void> r = add_all(loaded->map("vips"), settings.vips); !r) return r.error();
  if (Result<void> r = add_all(loaded->map("allowed"), settings.allowed); !r) return r.error();
  if (Result<void> r = add_ports(loaded->map("ports"), settings.ports); !r) return r.error();
  return Program(std::move(loaded));
}

int Program::fd() const {
  const bpf_program* program =
      loaded_->xdp ? loaded_->xdp->progs.sluice_agent : loaded_->tc->progs.sluice_agent;
  return bpf_program__fd(program);
}

int Program::vips_fd() const {
  return bpf_map__fd(loaded_->map("vips"));
}

Result<void> Program::set_locals(const std::set<IpAddress>& addresses) {
  const bpf_map* map = loaded_->map("locals");
  if (addresses.size() > SLUICE_AGENT_MAX_LOCALS)
    return Error{
        fmt::format("this host has {} addresses, more than the {} there is room for; say "
                    "with --local where tunnels end",
                    addresses.size(), int(SLUICE_AGENT_MAX_LOCALS))};
  for (auto old = locals_.begin(); old != locals_.end();) {
    if (addresses.contains(*old)) {
      ++old;
      continue;
    }
    const sluice_addr key = to_key(*old);
    if (bpf_map_delete_elem(bpf_map__fd(map), &key) != 0 && errno != ENOENT)
      return errno_error("take " + old->to_string() + " out of the map locals");
    old = locals_.erase(old);
  }
  for (const IpAddress& address : addresses) {
    if (locals_.contains(address)) continue;
    if (Result<void> r = add(map, address); !r) return r;
    locals_.insert(address);
  }
  return {};
}

Result<void> Program::pin_maps(const Pins& pins) const {
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, loaded_->object()) {
    if (bpf_map__is_internal(map)) continue;
    if (Result<void> r = pins.pin(bpf_map__fd(map), bpf_map__name(map)); !r) return r;
  }
  return {};
}

}  // namespace sluice::agent
