// SPDX-License-Identifier: Apache-2.0
#include "health/probe/icmp_socket.h"

#include <netinet/in.h>

#include "health/probe/socket.h"

namespace sluice::health {

int icmp_protocol(int family) {
  return family == AF_INET ? int(IPPROTO_ICMP) : int(IPPROTO_ICMPV6);
}

Result<void> send_whole_packets(int socket, int family) {
  if (family == AF_INET)
    return set_option(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, "IP_MTU_DISCOVER");
  if (Result<void> r = set_option(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE,
                                  "IPV6_MTU_DISCOVER");
      !r)
    return r;
  return set_option(socket, IPPROTO_IPV6, IPV6_DONTFRAG, 1, "IPV6_DONTFRAG");
}

}  // namespace sluice::health
