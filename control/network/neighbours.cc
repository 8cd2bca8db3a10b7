// SPDX-License-Identifier: Apache-2.0
#include "network/neighbours.h"

#include <linux/neighbour.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

namespace sluice {

namespace {

constexpr uint16_t kUsable =
    NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

// NTF_USE starts the resolution at once, on any kernel. With `manage` the kernel repeats it by
// itself from then on; without, it stops. No address is given, so none is overwritten; NLM_F_EXCL
// (in `flags`) keeps clear of an entry made meanwhile.
NetlinkRequest request_for(const NeighbourKey& key, uint16_t flags, bool manage) {
  ndmsg header = {};
  header.ndm_family = uint8_t(key.address.family());
  header.ndm_ifindex = int(key.ifindex);
  header.ndm_flags = NTF_USE;
  NetlinkRequest request(RTM_NEWNEIGH, uint16_t(NLM_F_ACK | flags), header);
  request.put_address(NDA_DST, key.address);
  if (manage) {
    request.put_u32(NDA_FLAGS_EXT, NTF_EXT_MANAGED);
    request.put(NDA_PROTOCOL, &kNeighbourProtocol, sizeof kNeighbourProtocol);
  }
  return request;
}

std::string refusal(const NeighbourKey& key, int error) {
  if (error != ENOBUFS) return std::strerror(error);
  const char* family = key.address.is_v4() ? "ipv4" : "ipv6";
  return std::string("the neighbour table is full (sysctl net.") + family +
         ".neigh.default.gc_thresh3)";
}

// Those of `wanted` that nobody keeps resolved yet.
std::vector<NeighbourKey> unkept(const std::set<NeighbourKey>& wanted, const Neighbours& table) {
  std::vector<NeighbourKey> keys;
  for (const NeighbourKey& key : wanted) {
    const Neighbours::const_iterator entry = table.find(key);
    if (entry == table.end() || (!entry->second.managed && !entry->second.hands_off()))
      keys.push_back(key);
  }
  return keys;
}

bool is_ours(const NeighbourKey& key, const Neighbours& table) {
  const Neighbours::const_iterator entry = table.find(key);
  return entry != table.end() && entry->second.managed && !entry->second.hands_off() &&
         entry->second.protocol == kNeighbourProtocol;
}

}  // namespace

bool Neighbour::usable() const {
  return (state & kUsable) && !mac.is_zero();
}

bool Neighbour::hands_off() const {
  return (state & (NUD_PERMANENT | NUD_NOARP)) || learned;
}

std::optional<std::pair<NeighbourKey, Neighbour>> to_neighbour(const nlmsghdr* message) {
  const auto* header = static_cast<const ndmsg*>(nlmsg_data(message));
  if (header->ndm_family != AF_INET && header->ndm_family != AF_INET6) return std::nullopt;
  const NetlinkAttributes attributes(message, sizeof *header, NDA_MAX);
  const std::optional<IpAddress> address = attributes.address(NDA_DST, header->ndm_family);
  if (!address) return std::nullopt;
  Neighbour neighbour;
  neighbour.state = header->ndm_state;
  neighbour.learned = header->ndm_flags & NTF_EXT_LEARNED;
  neighbour.managed = attributes.u32(NDA_FLAGS_EXT) & NTF_EXT_MANAGED;
  neighbour.protocol = attributes.u8(NDA_PROTOCOL);
  if (const uint8_t* mac = attributes.bytes(NDA_LLADDR, MacAddress::Bytes().size())) {
    MacAddress::Bytes bytes;
    std::copy_n(mac, bytes.size(), bytes.begin());
    neighbour.mac = MacAddress(bytes);
  }
  return std::pair(NeighbourKey{uint32_t(header->ndm_ifindex), *address}, neighbour);
}

Result<Neighbours> list_neighbours(Netlink& netlink) {
  Neighbours table;
  for (const int family : {AF_INET, AF_INET6}) {
    ndmsg header = {};
    header.ndm_family = uint8_t(family);
    Result<Netlink::Bytes> dump = netlink.dump(NetlinkRequest(RTM_GETNEIGH, 0, header));
    if (!dump) return Error{"list the neighbours: " + dump.error().message};
    for_each_message(dump->data(), dump->size(), [&](const nlmsghdr* m) {
      if (m->nlmsg_type != RTM_NEWNEIGH) return;
      if (std::optional<std::pair<NeighbourKey, Neighbour>> entry = to_neighbour(m))
        table.insert(*entry);
    });
  }
  return table;
}

Result<NeighbourKeeper::Refused> NeighbourKeeper::keep(Netlink& netlink,
                                                       const std::set<NeighbourKey>& wanted,
                                                       const Neighbours& seen) {
  std::set<NeighbourKey> unwanted;
  std::set_difference(kept_.begin(), kept_.end(), wanted.begin(), wanted.end(),
                      std::inserter(unwanted, unwanted.end()));
  // Entries an earlier run of ours asked for are ours to end, too.
  for (const NeighbourKey& key : wanted)
    if (is_ours(key, seen)) kept_.insert(key);
  if (unwanted.empty() && unkept(wanted, seen).empty()) return Refused();

  // Read again right before writing: what has become somebody else's meanwhile is left alone.
  Result<Neighbours> now = list_neighbours(netlink);
  if (!now) return now.error();
  std::vector<NeighbourKey> keys = unkept(wanted, *now);
  std::vector<NetlinkRequest> requests;
  for (const NeighbourKey& key : keys) {
    const uint16_t flags = now->contains(key) ? 0 : uint16_t(NLM_F_CREATE | NLM_F_EXCL);
    requests.push_back(request_for(key, flags, true));
    kept_.insert(key);
  }
  for (const NeighbourKey& key : unwanted) {
    kept_.erase(key);
    if (!is_ours(key, *now)) continue;
    requests.push_back(request_for(key, 0, false));
    keys.push_back(key);
  }
  Refused refused;
  Result<void> asked = netlink.ask(requests, [&](size_t index, int error, const nlmsghdr*) {
    // EEXIST, ENOENT: somebody was faster, and the next event tells how.
    if (error != 0 && error != EEXIST && error != ENOENT)
      refused[keys[index]] = refusal(keys[index], error);
  });
  if (!asked) return Error{"have neighbours resolved: " + asked.error().message};
  return refused;
}

}  // namespace sluice
