// SPDX-License-Identifier: Apache-2.0
#include "packet/packet_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace sluice::test {

namespace {

constexpr size_t kLongestFrame = 65536;

// The kernel takes the outermost tag out of a frame it receives, and tells it beside.
void put_tag_back(Bytes& frame, const tpacket_auxdata& aux) {
  if (!(aux.tp_status & TP_STATUS_VLAN_VALID)) return;
  const uint16_t type =
      aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : uint16_t(ETHERTYPE_VLAN);
  const Bytes tag = {uint8_t(type >> 8), uint8_t(type), uint8_t(aux.tp_vlan_tci >> 8),
                     uint8_t(aux.tp_vlan_tci)};
  frame.insert(frame.begin() + 2 * ETH_ALEN, tag.begin(), tag.end());
}

// Nothing for a frame that the interface itself sent.
Result<std::optional<Bytes>> read_frame(int fd) {
  Bytes frame(kLongestFrame);
  sockaddr_ll from = {};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
  iovec part = {.iov_base = frame.data(), .iov_len = frame.size()};
  msghdr message = {.msg_name = &from,
                    .msg_namelen = sizeof(from),
                    .msg_iov = &part,
                    .msg_iovlen = 1,
                    .msg_control = control,
                    .msg_controllen = sizeof(control)};
  const ssize_t n = ::recvmsg(fd, &message, 0);
  if (n < 0) return errno_error("receive a frame");
  if (from.sll_pkttype == PACKET_OUTGOING) return std::optional<Bytes>();
  frame.resize(size_t(n));
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata aux;
    std::memcpy(&aux, CMSG_DATA(c), sizeof(aux));
    put_tag_back(frame, aux);
  }
  return std::optional(std::move(frame));
}

}  // namespace

Result<PacketSocket> PacketSocket::open(uint32_t ifindex) {
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_error("open a packet socket");
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0)
    return errno_error("ask for VLAN tags");
  const sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = int(ifindex)};
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return errno_error("bind a packet socket");
  return PacketSocket(std::move(fd));
}

Result<void> PacketSocket::send(const Bytes& frame) const {
  if (::send(socket_.get(), frame.data(), frame.size(), 0) != ssize_t(frame.size()))
    return errno_error(fmt::format("send a frame of {} bytes", frame.size()));
  return {};
}

Result<std::optional<Bytes>> PacketSocket::receive(std::chrono::milliseconds patience) const {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd p = {.fd = socket_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&p, 1, int(std::max<int64_t>(left.count(), 0)));
    if (ready < 0) return errno_error("wait for a frame");
    if (ready == 0) return std::optional<Bytes>();
    Result<std::optional<Bytes>> frame = read_frame(socket_.get());
    if (!frame || *frame) return frame;
  }
}

}  // namespace sluice::test
