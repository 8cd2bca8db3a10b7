// SPDX-License-Identifier: Apache-2.0
// Why an XDP program is refused, in the words of the driver.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

// To be asked where a link was refused: to a link the kernel says a number and no more, over
// netlink the driver answers the same wish with a sentence. Empty where it has none. `xdp_flags`:
// the mode, XDP_FLAGS_*.
std::string driver_words(uint32_t ifindex, int program_fd, uint32_t xdp_flags);

}  // namespace sluice
