// SPDX-License-Identifier: Apache-2.0
// The configurations of the scenarios, as text of the language.
#pragma once

#include <string>

namespace sluice::bench {

enum class Family { kV4, kV6 };

// The first VIP of the services below, and an address that is none.
const char* vip(Family family);
inline constexpr const char* kNotVip = "192.0.2.200";

// One service on 7 VIPs, TCP 80 and 443 and UDP 443, with 100 backends that are reached by
// `forward`, as the language spells it.
std::string plain_configuration(Family vips, Family backends, const std::string& forward);

// Over IPv4 and IPIP, with flows remembered: `tracking` as the language spells it.
std::string tracking_configuration(const std::string& tracking);

// The same, adaptive, with every backend replaced by another.
std::string exchanged_configuration();

// The service of plain_configuration() over IPIP, and beside it whatever else the language has.
std::string everything_configuration();

}  // namespace sluice::bench
