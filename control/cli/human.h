// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them; -o json has the exact ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::cli {

std::string human_count(uint64_t n);         // 99999, 1.23M
std::string human_bytes(uint64_t n);         // 1023 B, 1.50 GiB
std::string human_share(double share);       // 33.3%
std::string human_duration(double seconds);  // 3.2s, 42s, 12m05s, 2h03m, 3d04h
// "1 service", "2 services"
std::string counted(uint64_t n, std::string_view singular);

}  // namespace sluice::cli
