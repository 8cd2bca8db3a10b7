// SPDX-License-Identifier: Apache-2.0
// Which data plane a configuration asks for, and making it.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kernel/dataplane.h"
#include "model/config.h"
#include "network/links.h"
#include "plan/plan.h"

namespace sluice {

// All that is decided when a data plane is loaded, but for the size of its tables.
struct Make {
  std::string seed;
  uint32_t ring_size = 0;
  uint32_t flows = 0;  // entries of the flow tables
  Features features;
  std::set<Hook> hooks;
  // The interface whose device shall run the program itself (mode: offload); empty: the host does.
  std::string device;
  uint32_t device_ifindex = 0;  // 0: it is away
};

Make make_for(const Config& config, const Image& image, const std::vector<Link>& links);

// Why the tables of what was made as `made` do not do for `wanted`, and why its programs do not on
// the same tables; empty: they do.
std::vector<std::string> why_not_tables(const Make& made, const Make& wanted);
std::vector<std::string> why_not_programs(const Make& made, const Make& wanted);

inline bool tables_serve(const Make& made, const Make& wanted) {
  return why_not_tables(made, wanted).empty();
}
inline bool serves(const Make& made, const Make& wanted) {
  return tables_serve(made, wanted) && why_not_programs(made, wanted).empty();
}

// What does for both, on the tables of `made`.
Make make_for_both(const Make& made, const Make& wanted);

// Programs as `make` says, on the tables of `dataplane`.
Result<Objects> make_programs(const Make& make, const Dataplane& dataplane);

// An error where `image` needs what the device, if there is one, is known to lack.
Result<void> check_image(const Make& make, const Image& image);

// The data plane, if it is on the host.
Dataplane* on_host(LoadedDataplane* dataplane);
const Dataplane* on_host(const LoadedDataplane* dataplane);

// How large the tables of a data plane for `image` are made, beside the member numbers of `live`.
Capacity capacity_of(const Make& make, const Image& image, const Live& live);

// With room for `image`, which has been checked, and for the member numbers of `live`. Flows that
// the flow tables in `before` (null: none) remember are remembered on.
Result<std::unique_ptr<LoadedDataplane>> make_dataplane(const Make& make, const Image& image,
                                                        const Live& live, const Objects* before);

}  // namespace sluice
