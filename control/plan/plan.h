// SPDX-License-Identifier: Apache-2.0
// plan(live, image) -> the ordered steps that turn one into the other. Pure, no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/capacity.h"
#include "plan/generation.h"
#include "plan/image.h"

namespace sluice {

struct LiveMember {
  uint32_t index;
  sluice_member value;
};

// A number that is no member's any more, but that flows may still have.
struct Retired {
  MemberKey key;
  sluice_member value;
};

// What has been published: the state a plan starts from.
struct Live {
  uint64_t generation = 0;
  Image image;
  std::map<MemberKey, LiveMember> members;
  std::map<uint32_t, Retired> retired;  // by number; reused when a sweep has found no flow of it
  uint32_t incarnation = 0;             // the last one given out
  std::map<uint32_t, RingPtr> rings;    // by number
  GenerationBytes tables;               // the generation's bytes
  uint32_t prefix_number = SLUICE_NO_PREFIXES;
  PrefixTable prefixes;  // what stands under that number
};

struct PutMember {
  uint32_t index;
  sluice_member value;
};
struct PatchMac {
  uint32_t index;
  uint64_t mac_word;  // head_mac_word()
};
// A member's number says from now on how it is, and which number has its flows.
struct PatchLife {
  uint32_t index;
  uint32_t successor;
  uint32_t life;  // enum sluice_life
};
struct PutRing {
  uint32_t number;
  RingPtr ring;
};
struct PutPrefixes {
  uint32_t number;
  PrefixTable table;
};
struct Moved {
  std::string service;
  double share;  // of its slots that change their backend, 0..1
};

// The steps, to be taken in this order; after each of them alone the data plane is correct. What is
// put stands under numbers that nothing live refers to.
struct Plan {
  std::vector<PatchMac> patch_macs;
  std::vector<PutMember> put_members;
  std::vector<PutRing> put_rings;
  std::vector<PutPrefixes> put_prefixes;  // one at most
  GenerationBytes generation;             // to be swapped in; empty: the one in place is right
  std::vector<uint32_t> release_rings;
  std::vector<uint32_t> release_prefixes;
  std::vector<uint32_t> spare_rings;  // free then, and what the next plan gives its new rings first
  std::vector<PatchLife> patch_lives;

  Live next;  // what is live afterwards
  std::vector<Moved> moved;

  bool empty() const { return patch_macs.empty() && generation.empty() && patch_lives.empty(); }
};

// Fails, touching nothing, if `image` does not fit `capacity`.
Result<Plan> make_plan(const Live& live, Image image, const Capacity& capacity);

// Whether there are numbers for the members that are new in `image`, beside those that are in use
// or that flows may still have.
Result<void> check_numbers(const Live& live, const Image& image, const Capacity& capacity);

// The plan that fills empty tables, members under the numbers they have: flows name them.
Result<Plan> make_first_plan(const Live& live, Image image, const Capacity& capacity);

}  // namespace sluice
