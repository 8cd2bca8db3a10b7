// SPDX-License-Identifier: Apache-2.0
// Who answers where: VIPs, ports and ranges of ports, numbered and flattened for the tables.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "abi/sluice_abi.h"
#include "plan/image.h"

namespace sluice {

struct Live;

struct Frontends {
  std::map<IpPrefix, sluice_vip_services> vips;
  std::vector<sluice_service> services;  // with their keys: for the perfect hash
  std::vector<sluice_service> range_services;
  std::vector<sluice_port_page> port_pages;
  std::vector<uint32_t> positions;
};

// Pure. A service is named by its place in `image.services`; where members and rings stand, `live`
// says.
Frontends compile_frontends(const Image& image, const Live& live);

}  // namespace sluice
