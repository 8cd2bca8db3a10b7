// SPDX-License-Identifier: Apache-2.0
#include "plan/device.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sluice {

namespace {

constexpr uint32_t kMinRings = 8;

Result<void> check_member(const MemberKey& key, const sluice_member& member, uint32_t ifindex) {
  const std::string who =
      fmt::format("service \"{}\": backend {}", key.service, key.backend.to_string());
  if (member.flags & SLUICE_MEMBER_UDP_CSUM)
    return Error{who +
                 " wants UDP checksums over IPv6, which a device has no helper for"
                 " (checksum: false leaves them out)"};
  if (ifindex != 0 && member.ifindex != ifindex)
    return Error{who +
                 " is reached by another interface, and a device can only send back out of its"
                 " own"};
  return {};
}

}  // namespace

Result<void> check_device(const Image& image, uint32_t ifindex) {
  for (const ImageService& s : image.services)
    for (const Frontend& f : s.frontends)
      if (!f.vip.is_single())
        return Error{
            fmt::format("service \"{}\": VIP {} is a prefix, and a device has no tables"
                        " of prefixes",
                        s.name, f.vip.to_string())};
  for (const auto& [key, member] : image.members)
    if (Result<void> r = check_member(key, member, ifindex); !r) return r;
  return {};
}

Capacity device_capacity_for(const Image& image, uint32_t ring_size) {
  std::set<const Ring*> rings;
  for (const ImageService& s : image.services) rings.insert(s.tcp.ring.get());
  Capacity c = capacity_for(image, ring_size);
  c.rings = std::max(kMinRings, uint32_t(rings.size()) * 2 + 2);
  return c;
}

}  // namespace sluice
