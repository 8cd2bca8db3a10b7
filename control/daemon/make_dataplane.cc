// SPDX-License-Identifier: Apache-2.0
#include "daemon/make_dataplane.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <bit>

#include "kernel/attached_program.h"
#include "kernel/device_dataplane.h"
#include "plan/device.h"

namespace sluice {

namespace {

// What a program must be able to do for `image`.
Features features_for(const Image& image) {
  Features f = {.prefixes = false, .port_ranges = false, .tracking = false};
  for (const ImageService& s : image.services) {
    f.tracking |= s.tracking != Tracking::kNever || !is_clean(s.tcp) || !is_clean(s.udp);
    for (const Frontend& frontend : s.frontends) {
      f.prefixes |= !frontend.vip.is_single();
      f.port_ranges |= frontend.ports.is_range();
    }
  }
  return f;
}

// One 512th of the memory, between 4096 entries and a million.
uint32_t default_flows() {
  constexpr uint64_t kBytesPerFlow = 128;
  struct sysinfo memory = {};
  ::sysinfo(&memory);
  const uint64_t bytes = uint64_t(memory.totalram) * memory.mem_unit / 512;
  return uint32_t(std::clamp<uint64_t>(std::bit_floor(bytes / kBytesPerFlow), 1 << 12, 1 << 20));
}

uint32_t flows_for(const Config& config, const Features& features) {
  if (!features.tracking) return 0;
  return config.flows ? config.flows : default_flows();
}

uint32_t numbers_in_use(const Live& live) {
  uint32_t n = 0;
  for (const auto& [key, m] : live.members) n = std::max(n, m.index + 1);
  for (const auto& [number, r] : live.retired) n = std::max(n, number + 1);
  return n;
}

uint32_t index_of(const std::vector<Link>& links, const std::string& name) {
  for (const Link& l : links)
    if (l.name == name) return l.ifindex;
  return 0;
}

Result<std::unique_ptr<LoadedDataplane>> make_in_device(const Make& make, const Image& image) {
  if (make.device_ifindex == 0)
    return Error{"interface " + make.device + ": there is no such interface"};
  auto made = DeviceDataplane::load({make.device, make.device_ifindex},
                                    device_capacity_for(image, make.ring_size),
                                    hash_key_from_seed(make.seed));
  if (!made) return made.error();
  return std::unique_ptr<LoadedDataplane>(std::move(*made));
}

}  // namespace

Make make_for(const Config& config, const Image& image, const std::vector<Link>& links) {
  Make m = {.seed = config.seed, .ring_size = image.ring_size, .features = features_for(image)};
  m.flows = flows_for(config, m.features);
  for (const Interface& i : config.interfaces) {
    m.hooks.insert(hook_of(i.mode));
    if (i.mode != AttachMode::kOffload) continue;
    m.device = i.name;
    m.device_ifindex = index_of(links, i.name);
  }
  return m;
}

std::vector<std::string> why_not_tables(const Make& made, const Make& wanted) {
  std::vector<std::string> why;
  if (made.seed != wanted.seed) why.push_back("another seed");
  if (made.ring_size != wanted.ring_size)
    why.push_back(fmt::format("rings of {} slots instead of {}", wanted.ring_size, made.ring_size));
  if (made.flows != wanted.flows)
    why.push_back(fmt::format("room for {} flows instead of {}", wanted.flows, made.flows));
  if (made.device != wanted.device)
    why.push_back(wanted.device.empty() ? "it leaves the device " + made.device
                                        : "it goes into the device " + wanted.device);
  else if (made.device_ifindex != wanted.device_ifindex && wanted.device_ifindex != 0)
    why.push_back("the device " + wanted.device + " is another one now");
  return why;
}

std::vector<std::string> why_not_programs(const Make& made, const Make& wanted) {
  std::vector<std::string> why;
  if (made.features != wanted.features)
    why.push_back("a program that is able to do what is asked for, and no more");
  if (!std::includes(made.hooks.begin(), made.hooks.end(), wanted.hooks.begin(),
                     wanted.hooks.end()))
    why.push_back("a program for another hook");
  return why;
}

Make make_for_both(const Make& made, const Make& wanted) {
  Make m = wanted;
  m.features.prefixes |= made.features.prefixes;
  m.features.port_ranges |= made.features.port_ranges;
  m.features.tracking |= made.features.tracking;
  m.hooks.insert(made.hooks.begin(), made.hooks.end());
  return m;
}

Result<Objects> make_programs(const Make& make, const Dataplane& dataplane) {
  return Objects::load(dataplane.capacity(), hash_key_from_seed(make.seed), make.features,
                       make.hooks, &dataplane.objects(), Inherit::kAll);
}

Dataplane* on_host(LoadedDataplane* dataplane) {
  return dynamic_cast<Dataplane*>(dataplane);
}

const Dataplane* on_host(const LoadedDataplane* dataplane) {
  return dynamic_cast<const Dataplane*>(dataplane);
}

Result<void> check_image(const Make& make, const Image& image) {
  if (make.device.empty()) return {};
  if (Result<void> r = check_device(image, make.device_ifindex); !r)
    return Error{make.device + ": offload: " + r.error().message};
  return {};
}

Capacity capacity_of(const Make& make, const Image& image, const Live& live) {
  if (!make.device.empty()) return device_capacity_for(image, make.ring_size);
  Capacity capacity = capacity_for(image, make.ring_size);
  capacity.flows = make.flows;
  // Twice what is in use: old and new members stand side by side, and numbers are not given out
  // again at once.
  capacity.members = std::max(capacity.members, std::bit_ceil(numbers_in_use(live) * 2));
  return capacity;
}

Result<std::unique_ptr<LoadedDataplane>> make_dataplane(const Make& make, const Image& image,
                                                        const Live& live, const Objects* before) {
  if (!make.device.empty()) return make_in_device(make, image);
  auto made = Dataplane::load(capacity_of(make, image, live), hash_key_from_seed(make.seed),
                              make.features, make.hooks, before);
  if (!made) return made.error();
  return std::unique_ptr<LoadedDataplane>(std::move(*made));
}

}  // namespace sluice
