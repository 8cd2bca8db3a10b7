// SPDX-License-Identifier: Apache-2.0
#include "packet/wire.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "netns/netlink.h"
#include "packet/packet_socket.h"

namespace sluice::test {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience(2000), kQuiet(0);
// What native XDP takes on veth, pages of 4 kB; the others take jumbo frames.
unsigned mtu_for(WireMode mode) {
  return mode == WireMode::kNative ? 3400 : 9216;
}

// The program's end of two cables, and the far ends.
constexpr char kIn[] = "in", kInPeer[] = "in-peer", kOut[] = "out", kOutPeer[] = "out-peer";

Result<void> write_file(const std::string& path, const std::string& text) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || ::write(fd.get(), text.data(), text.size()) != ssize_t(text.size()))
    return errno_error("write " + path);
  return {};
}

// A cable within this namespace. Nobody has an address, so nobody sends anything unasked.
Result<void> lay_cable(netns::Netlink& netlink, const char* a, const char* b, unsigned number,
                       unsigned mtu) {
  UniqueFd here(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!here.valid()) return errno_error("open this network namespace");
  const auto mac = [&](unsigned end) {
    return *MacAddress::parse(fmt::format("02:00:00:00:{:02x}:{:02x}", number, end));
  };
  Result<void> r = netlink.add_veth({a, mac(1)}, {b, mac(2)}, here.get(), mtu);
  if (r) r = netlink.set_up(a);
  if (r) r = netlink.set_up(b);
  return r;
}

// Native XDP_TX and XDP_REDIRECT on veth reach a peer that has a program itself.
Result<UniqueFd> attach_pass(uint32_t ifindex) {
  const bpf_insn program[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  UniqueFd fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", program, 2, nullptr));
  if (!fd.valid()) return errno_error("load a program that passes all");
  LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
  UniqueFd link(bpf_link_create(fd.get(), int(ifindex), BPF_XDP, &options));
  if (!link.valid()) return errno_error("attach a program that passes all");
  return link;
}

class Wire : public Carrier {
 public:
  explicit Wire(WireMode mode) : mode_(mode) {}

  Result<void> set_up() {
    if (::unshare(CLONE_NEWNET) != 0) return errno_error("make a network namespace");
    for (const char* scope : {"all", "default"}) {
      const std::string key = fmt::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", scope);
      if (Result<void> r = write_file(key, "1"); !r) return r;
    }
    Result<netns::Netlink> netlink = netns::Netlink::open();
    if (!netlink) return netlink.error();
    Result<void> r = lay_cable(*netlink, kIn, kInPeer, 1, mtu_for(mode_));
    if (r) r = lay_cable(*netlink, kOut, kOutPeer, 2, mtu_for(mode_));
    if (!r) return r;
    if (mode_ != WireMode::kNative) return open_sockets();
    for (const char* device : {kInPeer, kOutPeer}) {
      Result<UniqueFd> link = attach_pass(if_nametoindex(device));
      if (!link) return link.error();
      far_ends_.push_back(std::move(*link));
    }
    return open_sockets();
  }

  Hook hook() const override { return mode_ == WireMode::kTc ? Hook::kTc : Hook::kXdp; }
  uint32_t ingress() const override { return if_nametoindex(kIn); }
  uint32_t elsewhere() const override { return if_nametoindex(kOut); }
  size_t longest() const override { return mtu_for(mode_) + ETH_HLEN; }
  bool needs_fate() const override { return true; }

  Result<void> use(const Dataplane& dataplane) override {
    if (Result<void> r = drain(); !r) return r;
    return mode_ == WireMode::kTc ? use_at_tc(dataplane.program_fd(Hook::kTc))
                                  : use_at_xdp(dataplane.program_fd(Hook::kXdp));
  }

  Result<Run> carry(const Dataplane& dataplane, const Bytes& frame) override {
    if (Result<void> r = forget_fate(dataplane); !r) return r.error();
    if (Result<void> r = in_peer_->send(frame); !r) return r.error();
    Result<uint32_t> action = await_action(dataplane);
    if (!action) return action.error();
    return see(*action, frame);
  }

 private:
  Result<void> open_sockets() {
    for (auto [socket, device] :
         {std::pair(&in_, kIn), std::pair(&in_peer_, kInPeer), std::pair(&out_peer_, kOutPeer)}) {
      Result<PacketSocket> opened = PacketSocket::open(if_nametoindex(device));
      if (!opened) return opened.error();
      socket->emplace(std::move(*opened));
    }
    return {};
  }

  Result<void> use_at_xdp(int program_fd) {
    if (link_.valid()) {
      if (bpf_link_update(link_.get(), program_fd, nullptr) != 0)
        return errno_error("exchange the XDP program");
      return {};
    }
    LIBBPF_OPTS(bpf_link_create_opts, options,
                .flags = mode_ == WireMode::kNative ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
    link_ = UniqueFd(bpf_link_create(program_fd, int(ingress()), BPF_XDP, &options));
    if (!link_.valid()) return errno_error("attach the XDP program");
    return {};
  }

  Result<void> use_at_tc(int program_fd) {
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = int(ingress()), .attach_point = BPF_TC_INGRESS);
    if (!std::exchange(has_clsact_, true))
      if (int r = bpf_tc_hook_create(&hook); r < 0) return errno_error("make a clsact qdisc", r);
    LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = program_fd, .flags = BPF_TC_F_REPLACE, .handle = 1,
                .priority = 1);
    if (int r = bpf_tc_attach(&hook, &filter); r < 0)
      return errno_error("attach the tc program", r);
    return {};
  }

  // Forgets what earlier frames left behind.
  Result<void> drain() const {
    for (const PacketSocket* socket : {&*in_, &*in_peer_, &*out_peer_})
      for (;;) {
        Result<std::optional<Bytes>> frame = socket->receive(kQuiet);
        if (!frame) return frame.error();
        if (!*frame) break;
      }
    return {};
  }

  static Result<uint32_t> await_action(const Dataplane& dataplane) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    do {
      Result<std::optional<uint32_t>> told = told_action(dataplane);
      if (!told) return told.error();
      if (*told) return **told;
    } while (std::chrono::steady_clock::now() < end);
    return Error{"the program has not seen the frame"};
  }

  // A tc program's passing is behind all sockets: the frame is taken to be what it was.
  Result<Run> see(uint32_t action, const Bytes& frame) const {
    if (action == XDP_DROP || (action == XDP_PASS && mode_ == WireMode::kTc))
      return Run{action, frame};
    const PacketSocket& where = action == XDP_PASS ? *in_
                                : action == XDP_TX ? *in_peer_
                                                   : *out_peer_;
    Result<std::optional<Bytes>> seen = where.receive(kPatience);
    if (!seen) return seen.error();
    if (!*seen) return Error{fmt::format("verdict {}, but no frame arrived", action)};
    return Run{action, std::move(**seen)};
  }

  WireMode mode_;
  std::vector<UniqueFd> far_ends_;
  std::optional<PacketSocket> in_, in_peer_, out_peer_;
  UniqueFd link_;
  bool has_clsact_ = false;
};

}  // namespace

Result<std::unique_ptr<Carrier>> make_wire(WireMode mode) {
  auto wire = std::make_unique<Wire>(mode);
  if (Result<void> r = wire->set_up(); !r) return r.error();
  return wire;
}

}  // namespace sluice::test
