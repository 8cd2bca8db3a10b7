// SPDX-License-Identifier: Apache-2.0
// Port ranges, compiled to pages that find any port in two reads (struct sluice_port_page).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "abi/sluice_abi.h"
#include "plan/image.h"

namespace sluice {

// What an entry of a page can name.
inline constexpr uint32_t kMaxPortPages = SLUICE_PORTS_LEAF;
inline constexpr uint32_t kMaxRangeServices = SLUICE_PORTS_LEAF - 1;

// A service as ranges name it: its place in `image.services`, and for which of its two families of
// members.
struct RangeService {
  uint32_t service;
  InnerFamily family;

  auto operator<=>(const RangeService&) const = default;
};

struct VipPorts {
  IpPrefix vip;
  uint8_t protocol;

  auto operator<=>(const VipPorts&) const = default;
};

struct PortTables {
  std::map<VipPorts, uint16_t> roots;   // page numbers
  std::vector<RangeService> services;   // what entries name, less one
  std::vector<sluice_port_page> pages;  // [0], SLUICE_NO_PORTS, is empty; no two are equal
};

// Pure. Ranges of one VIP and protocol do not overlap (config/cross_check). Numbers beyond the two
// limits above are not right; check_fits() refuses an image that has them.
PortTables compile_ports(const Image& image);

}  // namespace sluice
