// SPDX-License-Identifier: Apache-2.0
#include "agent/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "netns/wait.h"

namespace sluice::netns {

namespace {

constexpr int kHeader = sizeof(VirtioHeader);
static_assert(kHeader == 10);

ifreq request_for(const std::string& device) {
  ifreq request = {};
  device.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  return request;
}

Result<UniqueFd> make_tap(const std::string& device, const std::string& mac) {
  UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tun.valid()) return errno_error("open /dev/net/tun");
  ifreq request = request_for(device);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(tun.get(), TUNSETIFF, &request) < 0) return errno_error("make the tap " + device);
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  request = request_for(device);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(request.ifr_hwaddr.sa_data, ether_aton(mac.c_str()), ETH_ALEN);
  if (::ioctl(socket.get(), SIOCSIFHWADDR, &request) < 0)
    return errno_error("set the MAC address of " + device);
  return tun;
}

// Sockets of one protocol get their packets behind tc ingress, those of all protocols before.
Result<UniqueFd> see_protocol(uint32_t ifindex, uint16_t protocol) {
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_error("open a packet socket");
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0)
    return errno_error("ask for what stands beside packets");
  sockaddr_ll where = {};
  where.sll_family = AF_PACKET;
  where.sll_protocol = htons(protocol);
  where.sll_ifindex = int(ifindex);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof(where)) < 0)
    return errno_error("bind a packet socket");
  return fd;
}

}  // namespace

Result<Tap> Tap::create(Host& host, const std::string& device, const std::string& mac) {
  Result<UniqueFd> tun = host.run([&] { return make_tap(device, mac); });
  if (!tun) return tun.error();
  if (Result<void> r = host.netlink().set_up(device); !r) return r.error();
  Result<LinkState> link = host.netlink().link(device);
  if (!link) return link.error();
  const uint32_t ifindex = uint32_t(link->ifindex);
  Result<UniqueFd> seen4 = host.run([&] { return see_protocol(ifindex, ETHERTYPE_IP); });
  if (!seen4) return seen4.error();
  Result<UniqueFd> seen6 = host.run([&] { return see_protocol(ifindex, ETHERTYPE_IPV6); });
  if (!seen6) return seen6.error();
  return Tap(ifindex, std::move(*tun), std::move(*seen4), std::move(*seen6));
}

Result<void> Tap::inject(const SkbFrame& frame) const {
  VirtioHeader beside = frame.beside;
  std::vector<uint8_t> bytes = frame.bytes;
  const iovec parts[] = {{.iov_base = &beside, .iov_len = sizeof(beside)},
                         {.iov_base = bytes.data(), .iov_len = bytes.size()}};
  if (::writev(tun_.get(), parts, 2) < 0) return errno_error("inject a frame");
  return {};
}

Result<std::optional<SkbFrame>> Tap::see(bool v6, std::chrono::milliseconds patience) const {
  const int fd = v6 ? seen6_.get() : seen4_.get();
  Result<int> ready = wait_readable(fd, -1, Clock::now() + patience);
  if (!ready) return ready.error();
  if (*ready < 0) return std::optional<SkbFrame>();
  SkbFrame frame;
  frame.bytes.resize(65536);
  const iovec parts[] = {{.iov_base = &frame.beside, .iov_len = sizeof(frame.beside)},
                         {.iov_base = frame.bytes.data(), .iov_len = frame.bytes.size()}};
  const ssize_t n = ::readv(fd, parts, 2);
  if (n < kHeader) return errno_error("see a frame");
  frame.bytes.resize(size_t(n - kHeader));
  return std::optional<SkbFrame>(std::move(frame));
}

}  // namespace sluice::netns
