// SPDX-License-Identifier: Apache-2.0
// CBOR (RFC 8949): small, self-describing, and read by tools. What there is much of is in columns
// or in rows of fixed size, because thousands of members are written at every change.
#include "daemon/saved_state.h"

#include "daemon/saved_past.h"
#include "daemon/saved_values.h"

namespace sluice {

using saved::Json;

namespace {

// ---- How the data plane was made.

Json make_json(const Make& m) {
  Json hooks = Json::array();
  for (const Hook h : m.hooks) hooks.push_back(h == Hook::kXdp ? "xdp" : "tc");
  const Features& f = m.features;
  return {{"seed", m.seed},
          {"ring_size", m.ring_size},
          {"flows", m.flows},
          {"prefixes", f.prefixes},
          {"port_ranges", f.port_ranges},
          {"tracking", f.tracking},
          {"replies", f.replies_per_second},
          {"hooks", hooks}};
}

Make make_of(const Json& j) {
  Make m;
  j.at("seed").get_to(m.seed);
  j.at("ring_size").get_to(m.ring_size);
  j.at("flows").get_to(m.flows);
  j.at("prefixes").get_to(m.features.prefixes);
  j.at("port_ranges").get_to(m.features.port_ranges);
  j.at("tracking").get_to(m.features.tracking);
  j.at("replies").get_to(m.features.replies_per_second);
  for (const Json& hook : j.at("hooks")) m.hooks.insert(hook == "xdp" ? Hook::kXdp : Hook::kTc);
  return m;
}

Json capacity_json(const Capacity& c) {
  return {c.shape.vips,       c.shape.services,  c.shape.range_services,
          c.shape.port_pages, c.shape.positions, c.shape.ring_slots,
          c.members,          c.rings,           c.flows};
}

Capacity capacity_of(const Json& j) {
  const auto n = j.get<std::array<uint32_t, 9>>();
  return {
      .shape = {n[0], n[1], n[2], n[3], n[4], n[5]}, .members = n[6], .rings = n[7], .flows = n[8]};
}

// ---- Counters.

Json ledger_json(const Ledger::Sums& l) {
  Json services = Json::object(), tests = Json::array();
  for (const auto& [number, n] : l.tests) tests.push_back({number, n.packets, n.bytes});
  for (const auto& [name, n] : l.services) services[name] = {n.packets, n.bytes};
  return {{"services", services},         {"drops", l.reasons.drops},
          {"passes", l.reasons.passes},   {"replies", l.reasons.replies},
          {"flow_events", l.flow_events}, {"tests", tests}};
}

Ledger::Sums ledger_of(const Json& j) {
  Ledger::Sums l;
  for (const auto& [name, n] : j.at("services").items())
    l.services[name] = {n.at(0).get<uint64_t>(), n.at(1).get<uint64_t>()};
  j.at("drops").get_to(l.reasons.drops);
  j.at("passes").get_to(l.reasons.passes);
  j.at("replies").get_to(l.reasons.replies);
  j.at("flow_events").get_to(l.flow_events);
  for (const Json& t : j.at("tests"))
    l.tests[t.at(0).get<uint32_t>()] = {t.at(1).get<uint64_t>(), t.at(2).get<uint64_t>()};
  return l;
}

Json layout_json(const Layout& l) {
  return {{"tables", l.tables},
          {"flows", l.flows},
          {"xdp", l.programs.at(Hook::kXdp)},
          {"tc", l.programs.at(Hook::kTc)}};
}

// Hostile bytes end in an exception of the library, which ends here.
template <class F>
auto guarded(F&& read) -> Result<decltype(read())> {
  try {
    return read();
  } catch (const std::exception& e) {
    return Error{std::string("the saved state cannot be read: ") + e.what()};
  }
}

}  // namespace

std::vector<uint8_t> write_state(const Make& made, const Capacity& capacity, const Past& past,
                                 const Ledger::Sums& ledger, const Layout& layout) {
  return Json::to_cbor({{"format", kStateFormat},
                        {"layout", layout_json(layout)},
                        {"make", make_json(made)},
                        {"capacity", capacity_json(capacity)},
                        {"past", saved::past_json(past)},
                        {"ledger", ledger_json(ledger)}});
}

Result<StateHeader> read_header(std::span<const uint8_t> bytes) {
  return guarded([&] {
    const Json j = Json::from_cbor(bytes);
    StateHeader h;
    j.at("format").get_to(h.format);
    const Json& layout = j.at("layout");
    layout.at("tables").get_to(h.layout.tables);
    layout.at("flows").get_to(h.layout.flows);
    layout.at("xdp").get_to(h.layout.programs[Hook::kXdp]);
    layout.at("tc").get_to(h.layout.programs[Hook::kTc]);
    return h;
  });
}

Result<SavedState> read_state(std::span<const uint8_t> bytes) {
  return guarded([&] {
    const Json j = Json::from_cbor(bytes);
    SavedState s;
    s.made = make_of(j.at("make"));
    s.capacity = capacity_of(j.at("capacity"));
    s.past = saved::past_of(j.at("past"), s.rings);
    s.ledger = ledger_of(j.at("ledger"));
    return s;
  });
}

}  // namespace sluice
