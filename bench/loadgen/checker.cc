// SPDX-License-Identifier: Apache-2.0
#include "loadgen/checker.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "loadgen/random.h"

namespace sluice::loadgen {

namespace {

constexpr size_t kMostBackends = 0xfffe;

std::optional<Stamp> stamp_at_end_of(BytesView bytes) {
  Stamp stamp;
  if (bytes.size() < sizeof(stamp)) return {};
  std::memcpy(&stamp, &bytes[bytes.size() - sizeof(stamp)], sizeof(stamp));
  return stamp;
}

uint16_t get16(const uint8_t* at) {
  return uint16_t(at[0] << 8 | at[1]);
}

}  // namespace

size_t Checker::Hash::operator()(const BackendKey& key) const {
  uint64_t words[2];
  std::memcpy(words, key.bytes.data(), sizeof(words));
  return mixed(words[0] ^ mixed(words[1]));
}

Checker::Checker(const Traffic& traffic, const CheckOptions& options)
    : traffic_(traffic), options_(options), flows_(traffic), ledger_(options.flows) {
  for (const Vip& vip : traffic.vips) vips_.push_back(vip.address);
  std::ranges::sort(vips_);
}

bool Checker::is_vip(const IpAddress& address) const {
  return std::ranges::binary_search(vips_, address);
}

// Is it from the client and to the port it was when it was sent?
bool Checker::is_of_flow(const IpView& ip, const Stamp& stamp) const {
  const Flow flow = stamp.flow == kFlood ? flows_.flood(stamp.sequence) : flows_.place(stamp.flow);
  const Vip& vip = traffic_.vips[flow.vip];
  const IpAddress client = flows_.client(flow);
  if (is_echo_reply(ip)) return ip.source == vip.address && ip.destination == client;
  if (ip.source != client || ip.destination != vip.address) return false;
  const bool has_ports = ip.protocol == IPPROTO_TCP || ip.protocol == IPPROTO_UDP;
  if (!has_ports || ip.later_fragment) return true;
  return get16(&ip.payload[0]) == flow.port && get16(&ip.payload[2]) == vip.port;
}

uint16_t Checker::index_of(const BackendKey& backend) {
  const auto known = indices_.find(backend);
  if (known != indices_.end()) return known->second;
  if (backends_.size() == kMostBackends) return uint16_t(kMostBackends - 1);
  const uint16_t index = uint16_t(backends_.size());
  backends_.push_back({.backend = backend});
  indices_.emplace(backend, index);
  return index;
}

void Checker::enter(const Stamp& stamp, const BackendKey& backend, uint64_t now) {
  const uint32_t latency = uint32_t(now) - stamp.time;
  const uint64_t sent = now - latency;
  Interval& interval = seconds_.of(sent < options_.start ? 0 : (sent - options_.start) / kSecond);
  const uint16_t index = index_of(backend);
  entered_++;
  interval.received++;
  interval.latency.add(latency);
  backends_[index].packets++;
  switch (ledger_.arrive(stamp.flow, stamp.sequence)) {
    case Arrival::kInOrder:
      break;
    case Arrival::kReordered:
      interval.reordered++;
      break;
    case Arrival::kDuplicate:
      interval.duplicated++;
      break;
    case Arrival::kUndecided:
      interval.undecided++;
      break;
  }
  if (stamp.flow == kFlood) return;
  const Route route = ledger_.route(stamp.flow, index);
  interval.moved += route == Route::kMoved;
  interval.misrouted += route == Route::kMisrouted;
}

void Checker::check(std::span<const BytesView> frames, uint64_t now) {
  for (const BytesView frame : frames)
    if (const std::optional<Stamp> stamp = stamp_at_end_of(frame))
      ledger_.prefetch(stamp->flow, stamp->sequence);
  for (const BytesView frame : frames) check_one(frame, now);
}

void Checker::check_one(BytesView frame, uint64_t now) {
  const std::optional<PacketView> view =
      open_frame(frame, [this](const IpAddress& a) { return is_vip(a); });
  const std::optional<Stamp> stamp = stamp_at_end_of(view ? view->inner.packet : frame);
  const bool on_its_way_there = view && view->backend.is_mac &&
                                view->backend == BackendKey::of_mac(options_.to.bytes().data());
  if (!stamp || stamp->magic != options_.magic || on_its_way_there) {
    seconds_.of((now - options_.start) / kSecond).foreign++;
    return;
  }
  const bool known = stamp->flow == kFlood || stamp->flow < ledger_.flows();
  if (!view || !known || !is_intact(view->inner) ||
      (options_.known_flows && !is_of_flow(view->inner, *stamp))) {
    seconds_.of((now - options_.start) / kSecond).corrupt++;
    return;
  }
  enter(*stamp, view->backend, now);
}

}  // namespace sluice::loadgen
