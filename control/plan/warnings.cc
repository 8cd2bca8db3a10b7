// SPDX-License-Identifier: Apache-2.0
#include "plan/warnings.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

bool has_checksums(const Image& image) {
  return std::any_of(image.members.begin(), image.members.end(),
                     [](const auto& m) { return (m.second.flags & SLUICE_MEMBER_UDP_CSUM) != 0; });
}

void warn_of_too_many(size_t have, size_t most, const char* what, const char* consequence,
                      std::vector<std::string>& out) {
  if (have <= most) return;
  out.push_back(
      fmt::format("{} {}; the data plane tells {} apart, so {}", have, what, most, consequence));
}

// A device remembers no flows, whatever services say.
void warn_of_device(const Config& config, std::vector<std::string>& out) {
  const auto device =
      std::find_if(config.interfaces.begin(), config.interfaces.end(),
                   [](const Interface& i) { return i.mode == AttachMode::kOffload; });
  const bool wanted = std::any_of(config.services.begin(), config.services.end(),
                                  [](const Service& s) { return s.tracking != Tracking::kNever; });
  if (device == config.interfaces.end() || !wanted) return;
  out.push_back(fmt::format(
      "{}: a device remembers no flows: those of a slot that goes to another backend go with it; "
      "`tracking: never` says that this is meant",
      device->name));
}

}  // namespace

std::vector<std::string> warnings_for(const Config& config, const Image& image) {
  std::vector<std::string> out;
  if (has_checksums(image))
    for (const Interface& i : config.interfaces)
      if (i.mode == AttachMode::kTc)
        out.push_back(fmt::format(
            "{}: at tc, TCP segments that GRO has merged are dropped (MERGED) where they would go "
            "to a backend by UDP over IPv6 with a checksum; `ethtool -K {} gro off`, or `checksum: "
            "false` in its forward",
            i.name, i.name));
  warn_of_device(config, out);
  constexpr const char* kLoops = "loops of the others' packets are found a round later";
  warn_of_too_many(image.sources.size(), SLUICE_MAX_SOURCES, "outer sources", kLoops, out);
  warn_of_too_many(image.tunnel_ports.size(), SLUICE_MAX_TUNNEL_PORTS, "UDP ports of tunnels",
                   "loops through the others are not found", out);
  warn_of_too_many(image.macs.size(), SLUICE_MAX_MACS, "MAC addresses of interfaces",
                   "frames for any address are taken", out);
  return out;
}

}  // namespace sluice
