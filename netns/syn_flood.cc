// SPDX-License-Identifier: Apache-2.0
#include "netns/syn_flood.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ip_address.h"
#include "netns/checksum.h"
#include "netns/wire.h"

namespace sluice::netns {
namespace {

constexpr size_t kBatch = 64;
constexpr char kSpoofed[] = "2001:db8:f::";  // nobody's: the router knows no way there
constexpr uint16_t kFirstPort = 1024, kPorts = 60000;

struct [[gnu::packed]] Frame {
  ether_header ethernet;
  ip6_hdr ip;
  tcphdr tcp;
};

void set_checksum(Frame& frame) {
  frame.tcp.check = 0;
  frame.tcp.check = checksum_of(sum_of_words(&frame.ip.ip6_src, sizeof(in6_addr) * 2) +
                                sum_of_words(&frame.tcp, sizeof(tcphdr)) + htons(sizeof(tcphdr)) +
                                htons(IPPROTO_TCP));
}

Frame template_frame(const FloodOptions& options, const MacAddress& from, const MacAddress& to) {
  Frame frame = {};
  std::copy(from.bytes().begin(), from.bytes().end(), frame.ethernet.ether_shost);
  std::copy(to.bytes().begin(), to.bytes().end(), frame.ethernet.ether_dhost);
  frame.ethernet.ether_type = htons(ETHERTYPE_IPV6);
  frame.ip.ip6_flow = htonl(6u << 28);
  frame.ip.ip6_plen = htons(sizeof(tcphdr));
  frame.ip.ip6_nxt = IPPROTO_TCP;
  frame.ip.ip6_hlim = 64;
  inet_pton(AF_INET6, kSpoofed, &frame.ip.ip6_src);
  inet_pton(AF_INET6, options.vip.c_str(), &frame.ip.ip6_dst);
  frame.tcp.dest = htons(options.port);
  frame.tcp.doff = sizeof(tcphdr) / 4;
  frame.tcp.syn = 1;
  frame.tcp.window = htons(65535);
  return frame;
}

// Makes `frame` the SYN of source `number`.
void set_source(Frame& frame, size_t number) {
  const uint32_t host = htonl(uint32_t(number) + 1);
  memcpy(&frame.ip.ip6_src.s6_addr[12], &host, sizeof(host));
  frame.tcp.source = htons(uint16_t(kFirstPort + number % kPorts));
  frame.tcp.seq = host;
  set_checksum(frame);
}

}  // namespace

Result<std::unique_ptr<SynFlood>> SynFlood::start(Topology& topology, const FloodOptions& options) {
  const Result<LinkState> near = topology.client().netlink().link(kDevice);
  if (!near) return near.error();
  const Result<LinkState> far = topology.router().netlink().link("client");
  if (!far) return far.error();
  Result<UniqueFd> socket = open_wire(topology.client(), kDevice);
  if (!socket) return socket.error();
  std::unique_ptr<SynFlood> flood(new SynFlood(options));
  flood->socket_ = std::move(*socket);
  flood->thread_ =
      std::thread([f = flood.get(), from = near->mac, to = far->mac] { f->run(from, to); });
  return flood;
}

SynFlood::~SynFlood() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void SynFlood::run(const MacAddress& from, const MacAddress& to) {
  std::array<Frame, kBatch> frames;
  frames.fill(template_frame(options_, from, to));
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> messages = {};
  for (size_t i = 0; i < kBatch; i++) {
    parts[i] = {.iov_base = &frames[i], .iov_len = sizeof(Frame)};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const Clock::time_point begin = Clock::now();
  while (!stopping_) {
    for (size_t i = 0; i < kBatch; i++) set_source(frames[i], sent_ + i);
    const int n = sendmmsg(socket_.get(), messages.data(), kBatch, 0);
    if (n > 0) sent_ += size_t(n);
    if (n <= 0) std::this_thread::yield();  // the wire is busy
    if (options_.per_second)
      std::this_thread::sleep_until(
          begin + std::chrono::microseconds(sent_ * 1'000'000 / options_.per_second));
  }
}

}  // namespace sluice::netns
