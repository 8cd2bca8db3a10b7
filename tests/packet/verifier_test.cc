// SPDX-License-Identifier: Apache-2.0
// What the programs cost the verifier, in every shape they are loaded in.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/utsname.h>

#include <cstdio>
#include <iostream>
#include <utility>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

// Instructions visited; the kernel's own limit is a million. Before 6.6 the verifier sees less
// often that two paths are the same.
uint32_t bound() {
  utsname kernel;
  int major = 0, minor = 0;
  if (uname(&kernel) != 0 || std::sscanf(kernel.release, "%d.%d", &major, &minor) != 2) return 0;
  return std::pair(major, minor) < std::pair(6, 6) ? 200'000 : 100'000;
}

uint32_t visited(int program_fd) {
  bpf_prog_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0) return 0;
  return info.verified_insns;
}

Result<std::unique_ptr<Dataplane>> load(const Features& features) {
  const Scenario s = one_backend(false);
  RingCache rings;
  const Image image = compile(desire(s.config, s.next_hops, s.macs), rings);
  return Dataplane::load(capacity_for(image, s.config.ring_size), hash_key_from_seed(s.config.seed),
                         features, {Hook::kXdp, Hook::kTc});
}

TEST(Verifier, VisitsNoMoreThanTheBoundWithEveryFeatureOn) {
  auto loaded = load({.explain = true});
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (Hook hook : {Hook::kXdp, Hook::kTc}) {
    const uint32_t n = visited((*loaded)->program_fd(hook));
    std::cout << (hook == Hook::kXdp ? "XDP " : "tc ") << n << " instructions visited\n";
    EXPECT_GT(n, 0u);
    EXPECT_LE(n, bound());
  }
}

TEST(Verifier, AcceptsEveryCombinationOfFeaturesAndRemovesWhatIsOff) {
  uint32_t all_off = 0, all_on = 0;
  for (int bits = 0; bits < 16; bits++) {
    auto loaded = load({.prefixes = bool(bits & 1),
                        .port_ranges = bool(bits & 2),
                        .explain = bool(bits & 4),
                        .replies_per_second = bits & 8 ? 1000u : 0u});
    ASSERT_TRUE(loaded) << bits << ": " << loaded.error().message;
    const uint32_t n = visited((*loaded)->program_fd(Hook::kXdp));
    if (bits == 0) all_off = n;
    if (bits == 15) all_on = n;
  }
  EXPECT_LT(all_off, all_on);
}

}  // namespace
}  // namespace sluice::test
