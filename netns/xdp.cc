// SPDX-License-Identifier: Apache-2.0
#include "netns/xdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <iterator>

namespace sluice::netns {
namespace {

Result<int> ifindex_of(const std::string& device) {
  const unsigned index = if_nametoindex(device.c_str());
  if (index == 0) return errno_error("find the device " + device);
  return int(index);
}

Result<UniqueFd> load_pass() {
  const bpf_insn pass[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT},
  };
  const int fd =
      bpf_prog_load(BPF_PROG_TYPE_XDP, "lab_pass", "GPL", pass, std::size(pass), nullptr);
  if (fd < 0) return errno_error("load an XDP program that passes", fd);
  return UniqueFd(fd);
}

}  // namespace

Result<UniqueFd> attach_xdp(const Host& host, const std::string& device, int program_fd) {
  return host.run([&]() -> Result<UniqueFd> {
    Result<int> index = ifindex_of(device);
    if (!index) return index.error();
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
    const int fd = bpf_link_create(program_fd, *index, BPF_XDP, &options);
    if (fd < 0) return errno_error("attach an XDP program to " + device + " of " + host.name(), fd);
    return UniqueFd(fd);
  });
}

Result<UniqueFd> attach_xdp_pass(const Host& host, const std::string& device) {
  Result<UniqueFd> program = load_pass();
  if (!program) return program.error();
  return attach_xdp(host, device, program->get());
}

Result<XdpState> xdp_state(const Host& host, const std::string& device) {
  return host.run([&]() -> Result<XdpState> {
    Result<int> index = ifindex_of(device);
    if (!index) return index.error();
    LIBBPF_OPTS(bpf_xdp_query_opts, query);
    if (int r = bpf_xdp_query(*index, 0, &query); r < 0)
      return errno_error("ask for the XDP program of " + device, r);
    const auto mode = query.attach_mode == XDP_ATTACHED_DRV   ? XdpMode::kNative
                      : query.attach_mode == XDP_ATTACHED_SKB ? XdpMode::kGeneric
                                                              : XdpMode::kNone;
    return XdpState{.mode = mode, .program_id = query.prog_id};
  });
}

}  // namespace sluice::netns
