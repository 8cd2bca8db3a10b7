// SPDX-License-Identifier: Apache-2.0
#include "plan/port_pages.h"

#include <algorithm>
#include <array>

namespace sluice {

namespace {

using Page = std::array<uint16_t, SLUICE_PORTS_IN_PAGE>;
using Pages = std::map<Page, uint16_t>;  // -> number

// Ports and what an entry says of them.
struct Stretch {
  PortRange ports;
  uint16_t entry;
};

uint16_t number_of(const Page& page, Pages& pages) {
  return pages.emplace(page, uint16_t(pages.size())).first->second;
}

// The stretch's part of the ports high * 256 and up, as places in a page.
void fill(Page& leaf, const Stretch& s, uint32_t high) {
  const uint32_t base = high * SLUICE_PORTS_IN_PAGE;
  const uint32_t from = std::max<uint32_t>(s.ports.first, base);
  const uint32_t to = std::min<uint32_t>(s.ports.last, base + SLUICE_PORTS_IN_PAGE - 1);
  for (uint32_t port = from; port <= to; port++) leaf[port - base] = s.entry;
}

// A page that says the same of all its ports is not needed.
uint16_t entry_of(const Page& leaf, Pages& pages) {
  const bool uniform =
      std::all_of(leaf.begin(), leaf.end(), [&](uint16_t entry) { return entry == leaf.front(); });
  return uniform ? leaf.front() : uint16_t(SLUICE_PORTS_LEAF | number_of(leaf, pages));
}

uint16_t compile_root(const std::vector<Stretch>& stretches, Pages& pages) {
  std::map<uint32_t, Page> leaves;  // by the port's high byte
  for (const Stretch& s : stretches)
    for (uint32_t high = s.ports.first >> 8; high <= uint32_t(s.ports.last >> 8); high++)
      fill(leaves.try_emplace(high, Page{}).first->second, s, high);
  Page root = {};
  for (const auto& [high, leaf] : leaves) root[high] = entry_of(leaf, pages);
  return number_of(root, pages);
}

std::vector<sluice_port_page> in_order(const Pages& pages) {
  std::vector<sluice_port_page> out(pages.size());
  for (const auto& [page, number] : pages)
    std::copy(page.begin(), page.end(), std::begin(out[number].entry));
  return out;
}

}  // namespace

PortTables compile_ports(const Image& image) {
  PortTables out;
  std::map<RangeService, uint16_t> entries;
  std::map<VipPorts, std::vector<Stretch>> by_vip;
  for (uint32_t n = 0; n < image.services.size(); n++)
    for (const Frontend& f : image.services[n].frontends) {
      if (!f.ports.is_range()) continue;
      const RangeService s = {n, f.family()};
      const auto [entry, is_new] = entries.try_emplace(s, uint16_t(entries.size() + 1));
      if (is_new) out.services.push_back(s);
      by_vip[{f.vip, f.ports.protocol}].push_back({f.ports, entry->second});
    }
  Pages pages = {{Page{}, SLUICE_NO_PORTS}};
  for (const auto& [vip, stretches] : by_vip) out.roots[vip] = compile_root(stretches, pages);
  out.pages = in_order(pages);
  return out;
}

}  // namespace sluice
