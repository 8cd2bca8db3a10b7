// SPDX-License-Identifier: Apache-2.0
#include "daemon/make_dataplane.h"

#include <algorithm>

#include "kernel/attached_program.h"
#include "kernel/dataplane.h"
#include "kernel/device_dataplane.h"
#include "plan/device.h"

namespace sluice {

namespace {

// What a program must be able to do for `image`.
Features features_for(const Image& image) {
  Features f = {.prefixes = false, .port_ranges = false};
  for (const ImageService& s : image.services)
    for (const Frontend& frontend : s.frontends) {
      f.prefixes |= !frontend.vip.is_single();
      f.port_ranges |= frontend.ports.is_range();
    }
  return f;
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
  Make m = {.seed = config.seed, .ring_size = config.ring_size, .features = features_for(image)};
  for (const Interface& i : config.interfaces) {
    m.hooks.insert(hook_of(i.mode));
    if (i.mode != AttachMode::kOffload) continue;
    m.device = i.name;
    m.device_ifindex = index_of(links, i.name);
  }
  return m;
}

bool serves(const Make& made, const Make& wanted) {
  return made.seed == wanted.seed && made.ring_size == wanted.ring_size &&
         made.features == wanted.features && made.device == wanted.device &&
         (made.device_ifindex == wanted.device_ifindex || wanted.device_ifindex == 0) &&
         std::includes(made.hooks.begin(), made.hooks.end(), wanted.hooks.begin(),
                       wanted.hooks.end());
}

Result<void> check_image(const Make& make, const Image& image) {
  if (make.device.empty()) return {};
  if (Result<void> r = check_device(image, make.device_ifindex); !r)
    return Error{make.device + ": offload: " + r.error().message};
  return {};
}

Result<std::unique_ptr<LoadedDataplane>> make_dataplane(const Make& make, const Image& image) {
  if (!make.device.empty()) return make_in_device(make, image);
  auto made = Dataplane::load(capacity_for(image, make.ring_size), hash_key_from_seed(make.seed),
                              make.features, make.hooks);
  if (!made) return made.error();
  return std::unique_ptr<LoadedDataplane>(std::move(*made));
}

}  // namespace sluice
