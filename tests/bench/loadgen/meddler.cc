// SPDX-License-Identifier: Apache-2.0
#include "bench/loadgen/meddler.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "netns/wire.h"

namespace sluice::loadgen {

namespace {

constexpr int kRoom = 64 << 20;  // bytes: nothing is lost while a test is waited for
constexpr size_t kMostBytes = 2048;

// Gets a copy of every frame that comes in by `device`.
Result<UniqueFd> listen_to(const netns::Host& host, const std::string& device) {
  return host.run([&]() -> Result<UniqueFd> {
    UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    const timeval patience = {.tv_sec = 0, .tv_usec = 50'000};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof(kRoom));
    const sockaddr_ll from = {.sll_family = AF_PACKET,
                              .sll_protocol = htons(ETH_P_ALL),
                              .sll_ifindex = int(if_nametoindex(device.c_str()))};
    if (from.sll_ifindex == 0 ||
        bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)) < 0)
      return errno_error("listen to " + device);
    return fd;
  });
}

}  // namespace

Result<std::unique_ptr<Meddler>> Meddler::start(const netns::Host& host, const std::string& in,
                                                const std::string& out, OnWay on_way) {
  std::unique_ptr<Meddler> meddler(new Meddler(std::move(on_way)));
  Result<UniqueFd> from = listen_to(host, in), to = netns::open_wire(host, out);
  if (!from) return from.error();
  if (!to) return to.error();
  meddler->in_ = std::move(*from);
  meddler->out_ = std::move(*to);
  meddler->thread_ = std::thread([m = meddler.get()] { m->work(); });
  return meddler;
}

void Meddler::work() {
  while (!stopping_) {
    Bytes frame(kMostBytes);
    const ssize_t n = recv(in_.get(), frame.data(), frame.size(), 0);
    if (n <= 0) continue;
    frame.resize(size_t(n));
    const Stamp stamp = stamp_of(frame);
    if ((stamp.magic & 0xffff0000) != kStampMagic) continue;
    seen_++;
    for (const Bytes& b : on_way_(stamp, frame))
      if (send(out_.get(), b.data(), b.size(), 0) < 0) perror("meddler: send");
  }
}

Meddler::~Meddler() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace sluice::loadgen
