// SPDX-License-Identifier: Apache-2.0
// The bytes of all tables as they should be, before any of them has a number in the kernel.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plan/desired.h"

namespace sluice {

// A ring's slots: positions in the members of the service.
using Ring = std::vector<uint32_t>;
// Rings are large and shared: by services with the same members, and by an image and its successor.
using RingPtr = std::shared_ptr<const Ring>;

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
};

struct ImageService {
  std::string name;
  std::vector<Frontend> frontends;
  std::vector<ImageMember> members;  // by position
  RingPtr ring;                      // null: no member has weight
  HashFields hash;
  EmptyPolicy empty;
};

struct Image {
  std::map<MemberKey, sluice_member> members;
  std::vector<ImageService> services;
  // As in Desired.
  std::vector<MacAddress> macs;
  std::vector<IpPrefix> sources;
  std::vector<uint16_t> tunnel_ports;
};

}  // namespace sluice
