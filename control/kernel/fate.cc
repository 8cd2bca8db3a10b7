// SPDX-License-Identifier: Apache-2.0
#include "kernel/fate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <vector>

namespace sluice {

Result<sluice_fate> read_fate(const Dataplane& dataplane, int cpu) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_error("count the possible CPUs", cpus);
  // The kernel copies the value of every CPU, each rounded up to 8 bytes.
  static_assert(sizeof(sluice_fate) % 8 == 0);
  std::vector<sluice_fate> fates(static_cast<size_t>(cpus));
  const uint32_t zero = 0;
  if (bpf_map_lookup_elem(dataplane.fate_fd(), &zero, fates.data()) != 0)
    return errno_error("read what became of a packet");
  return fates.at(static_cast<size_t>(cpu));
}

}  // namespace sluice
