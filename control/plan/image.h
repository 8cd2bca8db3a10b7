// SPDX-License-Identifier: Apache-2.0
// The bytes of all tables as they should be, before any of them has a number in the kernel.
#pragma once

#include <netinet/in.h>

#include <algorithm>
#include <compare>
#include <map>
#include <string>
#include <vector>

#include "plan/desired.h"
#include "plan/slots.h"

namespace sluice {

// Who a member is, through all changes of its bytes.
struct MemberKey {
  std::string service;
  IpAddress backend;
  InnerFamily family;

  auto operator<=>(const MemberKey&) const = default;
};

struct ImageMember {
  std::string backend;  // "pool/backend"
  uint32_t weight;
  IpAddress address;
  sluice_life life;
};

struct ImageService {
  std::string name;
  std::vector<Frontend> frontends;
  std::vector<ImageMember> members;  // by position
  // Of TCP, and of any protocol; and of UDP alone, whose windows are shorter.
  Slots tcp, udp;
  HashFields hash;
  EmptyPolicy empty;
  Tracking tracking;
  Time complete_at;       // of tracking: always: when every old UDP flow has shown itself
  bool complete = false;  // and that is over

  const Slots& slots_for(const Frontend& f) const {
    return f.ports.protocol == IPPROTO_UDP ? udp : tcp;
  }
  // Does a frontend lead to these slots of it?
  bool uses(const Slots& slots) const {
    return std::any_of(frontends.begin(), frontends.end(),
                       [&](const Frontend& f) { return &slots_for(f) == &slots; });
  }
};

struct Image {
  uint32_t ring_size = 0;
  std::map<MemberKey, sluice_member> members;  // but for their incarnations
  std::vector<ImageService> services;          // in the order of their names
  // As in Desired.
  std::vector<MacAddress> macs;
  std::vector<IpPrefix> sources;
  std::vector<uint16_t> tunnel_ports;
};

// The service of that name, or null.
inline const ImageService* find_service(const Image& image, const std::string& name) {
  const auto it = std::lower_bound(
      image.services.begin(), image.services.end(), name,
      [](const ImageService& s, const std::string& wanted) { return s.name < wanted; });
  return it != image.services.end() && it->name == name ? &*it : nullptr;
}

}  // namespace sluice
