// SPDX-License-Identifier: Apache-2.0
#include "netns/offload.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdlib>

#include "base/unique_fd.h"

namespace sluice::netns {

namespace {

uint32_t command_for(Offload what) {
  switch (what) {
    case Offload::kTxChecksum:
      return ETHTOOL_STXCSUM;
    case Offload::kGro:
      return ETHTOOL_SGRO;
  }
  std::abort();
}

}  // namespace

Result<void> set_offload(const Host& host, const std::string& device, Offload what, bool on) {
  return host.run([&]() -> Result<void> {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ethtool_value value = {.cmd = command_for(what), .data = on};
    ifreq request = {};
    device.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (ioctl(socket.get(), SIOCETHTOOL, &request) < 0)
      return errno_error("change an offload of " + device + " in " + host.name());
    return {};
  });
}

}  // namespace sluice::netns
