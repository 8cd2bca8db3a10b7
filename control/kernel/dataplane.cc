// SPDX-License-Identifier: Apache-2.0
#include "kernel/dataplane.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/log.h"

namespace sluice {

namespace {

Result<UniqueFd> create_trie(const PrefixTable& table) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
  UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "prefixes", sizeof(sluice_prefix),
                             sizeof(sluice_vip_services), uint32_t(table.size()), &options));
  if (!fd.valid()) return errno_error(fmt::format("create a trie of {} prefixes", table.size()));
  for (const PrefixEntry& e : table)
    if (bpf_map_update_elem(fd.get(), &e.key, &e.services, BPF_ANY) != 0)
      return errno_error("fill the trie of VIP prefixes");
  return fd;
}

}  // namespace

sluice_hash_key hash_key_from_seed(std::string_view seed) {
  unsigned char digest[64];
  const std::string text = "sluice flow hash 1:" + std::string(seed);
  if (EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha512(), nullptr) != 1)
    std::abort();
  sluice_hash_key key;
  static_assert(sizeof(key) <= sizeof(digest));
  std::memcpy(&key, digest, sizeof(key));
  return key;
}

Result<std::unique_ptr<Dataplane>> Dataplane::load(const Capacity& capacity,
                                                   const sluice_hash_key& key,
                                                   const Features& features,
                                                   const std::set<Hook>& hooks,
                                                   const Objects* before) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_error("count the possible CPUs", cpus);
  Result<Objects> objects = Objects::load(capacity, key, features, hooks, before);
  if (!objects) return objects.error();
  Result<Mapping> members =
      Mapping::of_map(objects->map_fd("members"), size_t(capacity.members) * sizeof(sluice_member));
  if (!members) return members.error();
  Result<FlowTables> flows = FlowTables::open(*objects);
  if (!flows) return flows.error();
  if (before) {
    const Result<FlowTables> old = FlowTables::open(*before);
    if (!old) return old.error();
    if (Result<void> r = flows->take_over(*old); !r) return r.error();
  }
  return std::unique_ptr<Dataplane>(new Dataplane(
      capacity, std::move(*objects), std::move(*members), std::move(*flows), size_t(cpus)));
}

Dataplane::Dataplane(const Capacity& capacity, Objects objects, Mapping members, FlowTables flows,
                     size_t possible_cpus)
    : capacity_(capacity),
      objects_(std::move(objects)),
      members_(std::move(members)),
      flows_(std::move(flows)),
      rings_(capacity.shape.ring_slots),
      possible_cpus_(possible_cpus) {
}

void Dataplane::patch_mac(const PatchMac& patch) {
  auto* member = reinterpret_cast<sluice_member*>(members_.data()) + patch.index;
  __atomic_store_n(&member->head[0], patch.mac_word, __ATOMIC_RELEASE);
}

void Dataplane::patch_life(const PatchLife& patch) {
  auto* member = reinterpret_cast<sluice_member*>(members_.data()) + patch.index;
  __atomic_store_n(&member->successor, patch.successor, __ATOMIC_RELEASE);
  __atomic_store_n(&member->life, patch.life, __ATOMIC_RELEASE);
}

// Plain stores: nothing reads a member before a generation names it. Its counters start at zero.
Result<void> Dataplane::put_members(std::span<const PutMember> puts) {
  const std::vector<sluice_counter> zeros(possible_cpus_);
  auto* members = reinterpret_cast<sluice_member*>(members_.data());
  for (const PutMember& p : puts) {
    if (p.index >= capacity_.members)
      return Error{fmt::format("member {} is beyond the table", p.index)};
    std::memcpy(&members[p.index], &p.value, sizeof(p.value));
    if (bpf_map_update_elem(member_stats_fd(), &p.index, zeros.data(), BPF_ANY) != 0)
      return errno_error(fmt::format("clear the counters of member {}", p.index));
  }
  return {};
}

Result<void> Dataplane::put_rings(std::span<const PutRing> puts) {
  return rings_.put(rings_fd(), pins_, puts);
}

Result<void> Dataplane::put_prefixes(std::span<const PutPrefixes> puts) {
  for (const PutPrefixes& p : puts) {
    Result<UniqueFd> trie = create_trie(p.table);
    if (!trie) return trie.error();
    const int fd = trie->get();
    if (Result<void> r = pins_.put("prefixes", p.number, fd); !r) return r;
    if (bpf_map_update_elem(objects_.map_fd("prefixes"), &p.number, &fd, BPF_ANY) != 0)
      return errno_error(fmt::format("put {} VIP prefixes in place", p.table.size()));
  }
  return {};
}

Result<void> Dataplane::swap_generation(const GenerationBytes& bytes) {
  const uint32_t zero = 0;
  Result<UniqueFd> table = create_value("generation", uint32_t(bytes.size()), 0);
  if (!table) return table.error();
  if (bpf_map_update_elem(table->get(), &zero, bytes.data(), BPF_ANY) != 0)
    return errno_error("fill a generation's table");
  const int fd = table->get();
  uint64_t number;
  std::memcpy(&number, bytes.data(), sizeof(number));
  if (Result<void> r = pins_.put("generation", number, fd); !r) return r;
  if (bpf_map_update_elem(objects_.map_fd("generation"), &zero, &fd, BPF_ANY) != 0) {
    const Error e = errno_error("swap the generation in");
    (void)pins_.remove("generation", number);
    return e;
  }
  const uint64_t before = std::exchange(generation_, number);
  if (before == 0 || before == number) return {};
  if (Result<void> r = pins_.remove("generation", before); !r)
    spdlog::warn("an old generation keeps its name: {}", r.error().message);
  return {};
}

Result<void> Dataplane::release_rings(std::span<const uint32_t> numbers,
                                      std::span<const uint32_t> spares) {
  return rings_.release(rings_fd(), pins_, numbers, spares);
}

Result<void> Dataplane::release_prefixes(std::span<const uint32_t> numbers) {
  for (uint32_t number : numbers) {
    if (bpf_map_delete_elem(objects_.map_fd("prefixes"), &number) != 0 && errno != ENOENT)
      return errno_error(fmt::format("release prefixes {}", number));
    if (Result<void> r = pins_.remove("prefixes", number); !r) return r;
  }
  return {};
}

}  // namespace sluice
