// SPDX-License-Identifier: Apache-2.0
#include "daemon/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "daemon/texts.h"

namespace sluice {

namespace {

const ImageService* image_of(const Live& live, const std::string& service) {
  for (const ImageService& s : live.image.services)
    if (s.name == service) return &s;
  return nullptr;
}

// The share of the ring's slots, by backend.
std::map<IpAddress, double> shares(const ImageService& s) {
  std::map<IpAddress, double> out;
  if (!s.tcp.ring) return out;
  for (uint32_t slot : *s.tcp.ring)
    if (const uint32_t at = sluice_slot_current(slot); at < s.members.size())
      out[s.members[at].address] += 1;
  for (auto& [address, share] : out) share /= double(s.tcp.ring->size());
  return out;
}

sluice_counter traffic(const Knowledge& k, const std::string& service, const IpAddress& backend) {
  sluice_counter sum = {};
  for (InnerFamily f : {InnerFamily::kV4, InnerFamily::kV6}) {
    const auto m = k.controller.live().members.find({service, backend, f});
    if (m == k.controller.live().members.end()) continue;
    if (m->second.index >= k.counters.members.size()) continue;
    sum.packets += k.counters.members[m->second.index].packets;
    sum.bytes += k.counters.members[m->second.index].bytes;
  }
  return sum;
}

api::Backend report_backend(const Knowledge& k, const Service& service, const Backend& b,
                            const std::map<IpAddress, double>& share) {
  const sluice_counter n = traffic(k, service.name, b.address);
  api::Backend out = {.name = b.name,
                      .address = b.address.to_string(),
                      .weight = b.weight,
                      .packets = n.packets,
                      .bytes = n.bytes,
                      .state = "up"};
  if (const auto s = share.find(b.address); s != share.end()) out.share_expected = s->second;
  if (b.weight == 0) {
    out.state = "weight-0";
    if (service.tracking != Tracking::kNever) out.detail = "keeps its flows and gets no new ones";
  }
  const auto why = k.ways.missing().find(b.address);
  if (why == k.ways.missing().end()) return out;
  const bool stale = k.ways.known().contains(b.address);
  out.state = stale ? "stale-next-hop" : "no-next-hop";
  out.detail = why->second;
  return out;
}

// One that the file has no more, with what lives on of it.
api::Backend report_leaving(const Knowledge& k, const Service& service, const Backend& b) {
  api::Backend out = report_backend(k, service, b, {});
  out.weight = 0;
  out.state = "leaving";
  if (!k.ways.missing().contains(b.address))
    out.detail = "not in the file any more; keeps its flows";
  return out;
}

template <size_t N>
std::vector<api::ReasonCount> report_reasons(const std::array<uint64_t, N>& counts,
                                             const std::array<ReasonText, N>& texts) {
  std::vector<api::ReasonCount> out;
  for (size_t i = 0; i < N; i++) out.push_back({texts[i].name, texts[i].text, counts[i]});
  return out;
}

// What the mode alone does not say; `link` is what it is attached to.
std::string detail_of(const Interface& wanted, const Attachment& a, const Link& link,
                      const std::map<std::string, std::string>& lost) {
  std::vector<std::string> facts;
  if (link.name != wanted.name) facts.push_back("called " + link.name + " now");
  if (wanted.mode == AttachMode::kAuto && a.mode() == std::string_view("generic"))
    facts.push_back("the driver has no native XDP");
  if (!a.why_alone().empty()) facts.push_back("not shared: " + a.why_alone());
  if (const auto l = lost.find(wanted.name); l != lost.end()) facts.push_back(l->second);
  return fmt::format("{}", fmt::join(facts, "; "));
}

// Why it is not attached, or not where it can be seen.
std::string absence_of(const Interface& wanted, const Attachment* a, const Knowledge& k) {
  const auto& troubles = k.controller.attachments().troubles();
  if (const auto why = troubles.find(wanted.name); why != troubles.end()) return why->second;
  // Nothing is taken away from it: that would be wrong of a daemon that was started in the wrong
  // namespace, and when it is moved back it serves at once.
  if (a) return "the interface is away, in another network namespace; its program runs on there";
  return "the interface is away";
}

}  // namespace

std::vector<api::Interface> report_interfaces(const Knowledge& k,
                                              const std::map<std::string, std::string>& lost) {
  std::vector<api::Interface> out;
  for (const Interface& i : k.config.interfaces) {
    const Attachment* a = k.controller.attachments().find(i.name);
    const Link* link = k.controller.attachments().link_of(i.name, k.links);
    if (!a || !link || link->ifindex != a->ifindex()) {
      out.push_back({.name = i.name, .detail = absence_of(i, a, k)});
      continue;
    }
    out.push_back({.name = i.name,
                   .ifindex = a->ifindex(),
                   .mode = a->hook() == Hook::kTc ? "tc" : a->mode(),
                   .by = a->by(),
                   .attached = true,
                   .detail = detail_of(i, *a, *link, lost)});
  }
  return out;
}

api::Counters report_counters(const Knowledge& k) {
  api::Counters out = {.passed = report_reasons(k.counters.passes, kPassTexts),
                       .dropped = report_reasons(k.counters.drops, kDropTexts),
                       .replied = report_reasons(k.counters.replies, kReplyTexts),
                       .forwarded = {}};
  for (const Service& s : k.config.services) {
    const sluice_counter n = k.controller.service_total(s.name, k.counters);
    out.forwarded.packets += n.packets;
    out.forwarded.bytes += n.bytes;
  }
  return out;
}

std::vector<api::Unusable> report_unusable(const Knowledge& k) {
  std::vector<api::Unusable> out;
  for (const auto& [name, pool] : k.config.pools)
    for (const Backend& b : pool.backends) {
      const auto why = k.ways.missing().find(b.address);
      if (why == k.ways.missing().end() || k.ways.known().contains(b.address)) continue;
      out.push_back({pool.name + "/" + b.name, why->second});
    }
  return out;
}

api::Service report_service(const Knowledge& k, const Service& service) {
  const sluice_counter total = k.controller.service_total(service.name, k.counters);
  api::Service out = {.name = service.name,
                      .hash = text_of(service.hash),
                      .empty = text_of(service.empty),
                      .tracking = text_of(service.tracking),
                      .pool = service.pool,
                      .packets = total.packets,
                      .bytes = total.bytes};
  for (const IpPrefix& vip : service.vips) out.vips.push_back(vip.to_string());
  for (const PortRange& p : service.ports) out.ports.push_back(text_of(p));
  const ImageService* image = image_of(k.controller.live(), service.name);
  const auto share = image ? shares(*image) : std::map<IpAddress, double>();
  for (const Backend& b : k.config.pools.at(service.pool).backends)
    out.backends.push_back(report_backend(k, service, b, share));
  if (const auto gone = k.leaving.find(service.name); gone != k.leaving.end())
    for (const Backend& b : gone->second) out.backends.push_back(report_leaving(k, service, b));
  return out;
}

}  // namespace sluice
