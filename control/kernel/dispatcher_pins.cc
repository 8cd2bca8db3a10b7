// SPDX-License-Identifier: Apache-2.0
#include "kernel/dispatcher_pins.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <xdp/libxdp.h>

#include <cstdio>
#include <functional>
#include <vector>

#include "kernel/pin.h"
#include "kernel/program_info.h"

namespace sluice {

namespace {

constexpr char kDefaultBpffs[] = "/sys/fs/bpf";

struct Kept {
  std::string path;
  uint32_t ifindex = 0, id = 0;
};

std::string directory() {
  const char* bpffs = ::secure_getenv(XDP_BPFFS_ENVVAR);
  return std::string(bpffs ? bpffs : kDefaultBpffs) + "/xdp";
}

Result<std::vector<Kept>> list() {
  std::vector<Kept> out;
  struct stat info;
  if (::stat(directory().c_str(), &info) != 0 && errno == ENOENT) return out;
  const Result<std::vector<std::string>> names = list_names(directory());
  if (!names) return names.error();
  for (const std::string& name : *names) {
    Kept kept = {.path = directory() + "/" + name};
    if (std::sscanf(name.c_str(), "dispatch-%u-%u", &kept.ifindex, &kept.id) == 2)
      out.push_back(std::move(kept));
  }
  return out;
}

bool is_gone(uint32_t ifindex) {
  char name[IF_NAMESIZE];
  return !::if_indextoname(ifindex, name) && errno == ENXIO;
}

bool has(const Kept& kept, uint32_t program_id) {
  const Result<std::vector<std::string>> names = list_names(kept.path);
  if (!names) return false;  // removed meanwhile
  for (const std::string& name : *names) {
    if (!name.ends_with("-prog")) continue;
    const Result<std::optional<UniqueFd>> fd = open_pin(kept.path + "/" + name);
    if (!fd || !*fd) continue;
    const Result<bpf_prog_info> info = info_of_program((*fd)->get());
    if (info && info->id == program_id) return true;
  }
  return false;
}

}  // namespace

void keep_dispatchers_on(const std::string& bpffs) {
  ::setenv(XDP_BPFFS_ENVVAR, bpffs.c_str(), /*overwrite=*/0);
}

Result<uint32_t> dispatched_on(uint32_t program_id) {
  const Result<std::vector<Kept>> all = list();
  if (!all) return all.error();
  for (const Kept& kept : *all) {
    LIBBPF_OPTS(bpf_xdp_query_opts, now);
    if (bpf_xdp_query(int(kept.ifindex), 0, &now) != 0) continue;
    if ((now.drv_prog_id == kept.id || now.skb_prog_id == kept.id) && has(kept, program_id))
      return kept.ifindex;
  }
  return 0u;
}

// Under libxdp's lock. On interfaces that are there, somebody may be about to put it in force.
Result<void> forget_dispatchers_of(uint32_t program_id) {
  const UniqueFd lock(::open(directory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock.valid()) return errno == ENOENT ? Result<void>() : errno_error("open " + directory());
  if (::flock(lock.get(), LOCK_EX) != 0) return errno_error("lock " + directory());
  const Result<std::vector<Kept>> all = list();
  if (!all) return all.error();
  for (const Kept& kept : *all) {
    if (!is_gone(kept.ifindex) || !has(kept, program_id)) continue;
    if (Result<void> r = remove_tree(kept.path); !r) return r;
  }
  return {};
}

}  // namespace sluice
