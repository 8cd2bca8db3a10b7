// SPDX-License-Identifier: Apache-2.0
#include "kernel/layout.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <span>

#include "abi/flow_hash.h"
#include "abi/sluice_abi.h"
#include "kernel/objects.h"
#include "kernel/skeleton.h"
#include "sluice_tc.skel.h"
#include "sluice_xdp.skel.h"

namespace sluice {

namespace {

std::string sha256(std::span<const char> bytes) {
  unsigned char digest[32];
  if (EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, EVP_sha256(), nullptr) != 1)
    std::abort();
  std::string out;
  for (unsigned char byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

template <class Skeleton>
std::string program_digest() {
  size_t size = 0;
  const auto* bytes = static_cast<const char*>(Skeleton::elf_bytes(&size));
  return sha256({bytes, size});
}

// A struct, a member a line: name, bit, size of its type.
std::string text_of_struct(const btf* types, const btf_type* type, const char* name) {
  std::string out = fmt::format("struct {} {}\n", name, type->size);
  const auto* m = btf_members(type);
  for (uint32_t i = 0; i < btf_vlen(type); i++)
    out += fmt::format(" {} {} {}\n", btf__name_by_offset(types, m[i].name_off),
                       btf_member_bit_offset(type, i), btf__resolve_size(types, m[i].type));
  return out;
}

std::string text_of_enum(const btf* types, const btf_type* type, const char* name) {
  std::string out = fmt::format("enum {}\n", name);
  const auto* e = btf_enum(type);
  for (uint32_t i = 0; i < btf_vlen(type); i++)
    out += fmt::format(" {} {}\n", btf__name_by_offset(types, e[i].name_off), e[i].val);
  return out;
}

// The types whose names begin with sluice_: the ABI. Sorted, for the order of types is clang's.
std::set<std::string> texts_of_types(const btf* types) {
  std::set<std::string> out;
  for (uint32_t id = 1; id < btf__type_cnt(types); id++) {
    const btf_type* type = btf__type_by_id(types, id);
    const char* name = btf__name_by_offset(types, type->name_off);
    if (!name || !std::string_view(name).starts_with("sluice_")) continue;
    if (btf_is_struct(type)) out.insert(text_of_struct(types, type, name));
    if (btf_is_enum(type)) out.insert(text_of_enum(types, type, name));
  }
  return out;
}

// A map as maps.bpf.h defines it, before the configuration has set sizes.
std::string text_of_map(const bpf_map* map) {
  return fmt::format("map {} {} {} {} {} {:#x}\n", bpf_map__name(map), unsigned(bpf_map__type(map)),
                     bpf_map__key_size(map), bpf_map__value_size(map), bpf_map__max_entries(map),
                     bpf_map__map_flags(map));
}

// An entry has its flow's hash, and what the hash is shows in its key.
bool is_of_flows(std::string_view text) {
  for (const char* begin : {"struct sluice_flow", "enum sluice_flow", "struct sluice_addr",
                            "enum sluice_slot", "struct sluice_hash_key"})
    if (text.starts_with(begin)) return true;
  return false;
}

bool holds_flows(const bpf_map* map) {
  return std::find(kFlowMaps.begin(), kFlowMaps.end(), std::string_view(bpf_map__name(map))) !=
         kFlowMaps.end();
}

Layout read_layout() {
  const SkeletonPtr<sluice_xdp> s(sluice_xdp::open());
  if (!s) std::abort();  // the object is our own
  Layout out;
  std::string tables, flows = fmt::format("positions of {} bits\n", int(SLUICE_POSITION_BITS));
  bpf_map* map;
  bpf_object__for_each_map(map, s->obj) {
    if (bpf_map__is_internal(map)) continue;
    out.maps.emplace(bpf_map__name(map), MapKind{.type = uint32_t(bpf_map__type(map)),
                                                 .key_size = bpf_map__key_size(map),
                                                 .value_size = bpf_map__value_size(map)});
    tables += text_of_map(map);
    if (holds_flows(map)) flows += text_of_map(map);
    if (const bpf_map* inner = bpf_map__inner_map(map)) tables += text_of_map(inner);
  }
  for (const std::string& text : texts_of_types(bpf_object__btf(s->obj))) {
    tables += text;
    if (is_of_flows(text)) flows += text;
  }
  out.tables = sha256(tables);
  out.flows = sha256(flows);
  out.programs = {{Hook::kXdp, program_digest<sluice_xdp>()},
                  {Hook::kTc, program_digest<sluice_tc>()}};
  return out;
}

}  // namespace

const Layout& our_layout() {
  static const Layout layout = read_layout();
  return layout;
}

}  // namespace sluice
