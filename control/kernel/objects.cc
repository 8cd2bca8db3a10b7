// SPDX-License-Identifier: Apache-2.0
#include "kernel/objects.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "kernel/load_log.h"
#include "kernel/skeleton.h"
#include "sluice_tc.skel.h"
#include "sluice_xdp.skel.h"

namespace sluice {

namespace {

bpf_map* map_of(bpf_object* object, const char* name) {
  bpf_map* map = bpf_object__find_map_by_name(object, name);
  if (!map) std::abort();
  return map;
}

// Gives every map the size that `c` asks for. Before load these calls fail on bugs only.
void set_sizes(bpf_object* object, const Capacity& c) {
  bpf_map* tables = bpf_map__inner_map(map_of(object, "generation"));
  bpf_map* rings = bpf_map__inner_map(map_of(object, "rings"));
  int failed = bpf_map__set_value_size(tables, sluice_generation_size(c.shape));
  failed |= bpf_map__set_value_size(rings, sluice_ring_size(c.shape.ring_slots));
  failed |= bpf_map__set_max_entries(map_of(object, "rings"), c.rings);
  failed |= bpf_map__set_max_entries(map_of(object, "members"), c.members);
  failed |= bpf_map__set_max_entries(map_of(object, "member_stats"), c.members);
  const FlowCapacity flows = flow_capacity(c);
  failed |= bpf_map__set_max_entries(map_of(object, "flows_new"), flows.fresh);
  failed |= bpf_map__set_max_entries(map_of(object, "flows_adopted"), flows.adopted);
  failed |= bpf_map__set_max_entries(map_of(object, "doorkeeper"), flows.doorkeeper);
  if (failed) std::abort();
}

// What is remembered of flows goes on from one data plane to the next.
Result<void> keep_flows(bpf_object* object, const Objects& before) {
  for (const char* name : kFlowMaps) {
    bpf_map* map = map_of(object, name);
    bpf_map_info info = {};
    uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(before.map_fd(name), &info, &size) != 0)
      return errno_error(std::string("look at the map ") + name);
    if (info.max_entries != bpf_map__max_entries(map)) continue;
    if (int r = bpf_map__reuse_fd(map, before.map_fd(name)); r < 0)
      return errno_error(std::string("keep the map ") + name, r);
  }
  return {};
}

// Puts the maps of `from` in the place of this object's own, but for its constants.
Result<void> share_maps(bpf_object* object, const Objects& from) {
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    if (bpf_map__is_internal(map)) continue;
    const char* name = bpf_map__name(map);
    if (int r = bpf_map__reuse_fd(map, from.map_fd(name)); r < 0)
      return errno_error(std::string("share the map ") + name, r);
  }
  return {};
}

// The volatile struct in .rodata takes no C++ assignment; its bytes do.
template <class T>
void set_constant(const volatile T& constant, const T& value) {
  std::memcpy(const_cast<T*>(&constant), &value, sizeof(value));
}

template <class Skeleton>
void set_constants(Skeleton& s, const Capacity& capacity, const sluice_hash_key& key,
                   const Features& features) {
  set_constant(s.rodata->cfg_layout, sluice_layout_of(capacity.shape));
  set_constant(s.rodata->cfg_hash_key, key);
  set_constant(s.rodata->cfg_prefixes, features.prefixes);
  set_constant(s.rodata->cfg_port_ranges, features.port_ranges);
  set_constant(s.rodata->cfg_tracking, features.tracking);
  set_constant(s.rodata->cfg_half_open_quota, flow_capacity(capacity).half_open());
  set_constant(s.rodata->cfg_fake_clock, features.fake_clock);
  set_constant(s.rodata->cfg_explain, features.explain);
  set_constant(s.rodata->cfg_replies_per_second, features.replies_per_second);
}

// With the constants and the sizes, and no maps yet.
template <class Skeleton>
Result<SkeletonPtr<Skeleton>> open_one(const Making& m) {
  SkeletonPtr<Skeleton> s(Skeleton::open());
  if (!s) return errno_error("open the embedded BPF object");
  set_constants(*s, m.capacity, m.key, m.features);
  set_sizes(s->obj, m.capacity);
  return s;
}

// With all maps of `shared`, or, where that is null, with the flow tables of `before`, or its own.
template <class Skeleton>
Result<SkeletonPtr<Skeleton>> load_one(const char* hook, const Making& m, const Objects* shared,
                                       const Objects* before) {
  LoadLog log;
  Result<SkeletonPtr<Skeleton>> s = open_one<Skeleton>(m);
  if (!s) return s.error();
  Result<void> r;
  if (shared)
    r = share_maps((*s)->obj, *shared);
  else if (before)
    r = keep_flows((*s)->obj, *before);
  if (!r) return r.error();
  if (int e = Skeleton::load(s->get()); e < 0)
    return Error{errno_error(fmt::format("load the {} program", hook), e).message + log.tail()};
  return s;
}

}  // namespace

// A skeleton goes when its maps and its program have been taken from it: what libbpf keeps beside
// the descriptors is as large as the object, and nobody asks for it again.
Result<Objects> Objects::load(const Capacity& capacity, const sluice_hash_key& key,
                              const Features& features, const std::set<Hook>& hooks,
                              const Objects* before, Inherit inherit) {
  const Making making = {capacity, key, features};
  const Objects* shared = inherit == Inherit::kAll ? before : nullptr;
  Objects out;
  out.made_as(making);
  if (hooks.contains(Hook::kXdp)) {
    auto xdp = load_one<sluice_xdp>("XDP", making, shared, before);
    if (!xdp) return xdp.error();
    if (Result<void> r = out.take_maps(*(*xdp)->obj); !r) return r.error();
    if (Result<void> r = out.take_program(Hook::kXdp, *(*xdp)->progs.sluice_ingress); !r)
      return r.error();
    shared = &out;
  }
  if (hooks.contains(Hook::kTc)) {
    auto tc = load_one<sluice_tc>("tc", making, shared, before);
    if (!tc) return tc.error();
    if (Result<void> r = out.take_maps(*(*tc)->obj); !r) return r.error();
    if (Result<void> r = out.take_program(Hook::kTc, *(*tc)->progs.sluice_ingress); !r)
      return r.error();
  }
  return out;
}

Programs Objects::programs() const {
  Programs out = {program_fd(Hook::kXdp), program_fd(Hook::kTc)};
  if (making_ && out.xdp >= 0) out.reopen_xdp = [this] { return reopen_xdp(); };
  return out;
}

Result<OpenedProgram> Objects::reopen_xdp() const {
  LoadLog log;
  Result<SkeletonPtr<sluice_xdp>> opened = open_one<sluice_xdp>(*making_);
  if (!opened) return opened.error();
  if (Result<void> r = share_maps((*opened)->obj, *this); !r) return r.error();
  const std::shared_ptr<sluice_xdp> s(std::move(*opened));
  return OpenedProgram{.object = std::shared_ptr<bpf_object>(s, s->obj),
                       .name = bpf_program__name(s->progs.sluice_ingress)};
}

// Those that are here already stay: of a second object they are the same.
Result<void> Objects::take_maps(const bpf_object& object) {
  bpf_map* map;
  bpf_object__for_each_map(map, &object) {
    if (bpf_map__is_internal(map) || maps_.contains(bpf_map__name(map))) continue;
    Result<UniqueFd> fd = copy_of(bpf_map__fd(map));
    if (!fd) return fd.error();
    maps_.emplace(bpf_map__name(map), std::move(*fd));
  }
  return {};
}

Result<void> Objects::take_program(Hook hook, const bpf_program& program) {
  Result<UniqueFd> fd = copy_of(bpf_program__fd(&program));
  if (!fd) return fd.error();
  programs_[size_t(hook)] = std::move(*fd);
  return {};
}

}  // namespace sluice
