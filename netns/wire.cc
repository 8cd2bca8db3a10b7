// SPDX-License-Identifier: Apache-2.0
#include "netns/wire.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

namespace sluice::netns {

Result<UniqueFd> open_wire(const Host& host, const std::string& device) {
  return host.run([&]() -> Result<UniqueFd> {
    UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(fd.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
    const sockaddr_ll wire = {.sll_family = AF_PACKET,
                              .sll_protocol = 0,
                              .sll_ifindex = int(if_nametoindex(device.c_str())),
                              .sll_halen = 0};
    if (wire.sll_ifindex == 0 ||
        bind(fd.get(), reinterpret_cast<const sockaddr*>(&wire), sizeof(wire)) < 0)
      return errno_error("open the wire of " + device + " in " + host.name());
    return fd;
  });
}

}  // namespace sluice::netns
