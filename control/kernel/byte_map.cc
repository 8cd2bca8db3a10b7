// SPDX-License-Identifier: Apache-2.0
#include "kernel/byte_map.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cstring>

#include "kernel/mapping.h"
#include "kernel/pin.h"

namespace sluice {

namespace {

constexpr char kName[] = "sluice_bytes";
// Elements of a page each: a value of many megabytes is refused by some kernels.
constexpr uint32_t kElement = 4096;

// What stands before the bytes.
struct Header {
  char magic[8];
  uint64_t length;
};
constexpr Header kHeader = {{'s', 'l', 'u', 'i', 'c', 'e', '\n', '\0'}, 0};

}  // namespace

Result<void> pin_bytes(std::span<const uint8_t> bytes, const std::string& path) {
  const size_t size = sizeof(Header) + bytes.size();
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  UniqueFd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, kName, sizeof(uint32_t), kElement,
                              uint32_t((size + kElement - 1) / kElement), &options));
  if (!map.valid()) return errno_error("create a map of " + std::to_string(size) + " bytes");
  Result<Mapping> memory = Mapping::of_map(map.get(), size);
  if (!memory) return memory.error();
  Header header = kHeader;
  header.length = bytes.size();
  std::memcpy(memory->data(), &header, sizeof(header));
  std::ranges::copy(bytes, memory->data() + sizeof(header));
  return pin_instead(map.get(), path);
}

Result<std::optional<std::vector<uint8_t>>> pinned_bytes(const std::string& path) {
  using Bytes = std::optional<std::vector<uint8_t>>;
  const Error foreign{path + " is nothing that sluice has pinned"};
  Result<std::optional<UniqueFd>> map = open_pin(path);
  if (!map) return map.error();
  if (!*map) return Bytes();
  bpf_map_info info = {};
  uint32_t info_size = sizeof(info);
  if (bpf_obj_get_info_by_fd((*map)->get(), &info, &info_size) != 0)
    return errno_error("look at what is pinned as " + path);
  if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != kElement) return foreign;
  const size_t room = size_t(info.max_entries) * kElement;
  Result<Mapping> memory = Mapping::of_map((*map)->get(), room);
  if (!memory && memory.error().code == EINVAL) return foreign;  // not made to be mapped
  if (!memory) return memory.error();
  Header header;
  std::memcpy(&header, memory->data(), sizeof(header));
  if (std::memcmp(header.magic, kHeader.magic, sizeof(header.magic)) != 0 ||
      header.length > room - sizeof(header))
    return foreign;
  const uint8_t* const first = memory->data() + sizeof(header);
  return Bytes(std::vector<uint8_t>(first, first + header.length));
}

}  // namespace sluice
