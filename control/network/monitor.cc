// SPDX-License-Identifier: Apache-2.0
#include "network/monitor.h"

#include <netlink/msg.h>
#include <sys/socket.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/unique_fd.h"
#include "network/neighbours.h"
#include "network/netlink.h"

namespace sluice {

namespace {

constexpr rtnetlink_groups kGroups[] = {
    RTNLGRP_LINK,        RTNLGRP_NEIGH,      RTNLGRP_IPV4_IFADDR,
    RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
    RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,  RTNLGRP_NEXTHOP,
};
constexpr size_t kMessageBuffer = 64 << 10;
// Under a storm without end the callback still comes.
constexpr int kReadsPerCall = 10000;

}  // namespace

struct Monitor::State {
  UniqueFd fd;
  OnChange on_change;
  EventLoop::Source source;
  std::vector<uint8_t> buffer = std::vector<uint8_t>(kMessageBuffer);
  // What a neighbour's last event said: where packets may be sent, zero for nowhere.
  std::map<NeighbourKey, MacAddress> neighbours;

  void on_readable();
  bool neighbour_matters(const nlmsghdr* message);
  bool matters(const nlmsghdr* message);
};

// Timers move a neighbour between usable states all the time; that changes nothing for us.
bool Monitor::State::neighbour_matters(const nlmsghdr* message) {
  const std::optional<std::pair<NeighbourKey, Neighbour>> event = to_neighbour(message);
  if (!event) return false;
  const NeighbourKey& key = event->first;
  const std::map<NeighbourKey, MacAddress>::iterator last = neighbours.find(key);
  if (message->nlmsg_type == RTM_DELNEIGH) {
    const bool was_nowhere = last != neighbours.end() && last->second.is_zero();
    if (last != neighbours.end()) neighbours.erase(last);
    return !was_nowhere;
  }
  const MacAddress where = event->second.usable() ? event->second.mac : MacAddress();
  if (last != neighbours.end() && last->second == where) return false;
  neighbours[key] = where;
  return true;
}

bool Monitor::State::matters(const nlmsghdr* message) {
  switch (message->nlmsg_type) {
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return neighbour_matters(message);
    case RTM_GETNEIGH:  // the kernel asks a user space ARP daemon
    case NLMSG_NOOP:
      return false;
    default:
      return true;
  }
}

void Monitor::State::on_readable() {
  bool changed = false, overrun = false;
  for (int i = 0; i < kReadsPerCall; ++i) {
    const ssize_t n = recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != ENOBUFS) {
      if (errno != EAGAIN) spdlog::error("network: {}", errno_error("receive changes").message);
      break;
    }
    if (n < 0 || size_t(n) > buffer.size()) {
      overrun = true;
      continue;
    }
    for_each_message(buffer.data(), size_t(n),
                     [&](const nlmsghdr* message) { changed |= matters(message); });
  }
  if (overrun) {
    neighbours.clear();  // may be out of date: take each one's next event as news
    spdlog::warn("network: changes came faster than they were read; reading everything anew");
  }
  if (!changed && !overrun) return;
  const OnChange f = on_change;  // may destroy this Monitor
  f(overrun);
}

Monitor::Monitor(std::unique_ptr<State> state) : state_(std::move(state)) {
}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() = default;

Result<Monitor> Monitor::create(EventLoop& loop, OnChange f, size_t receive_buffer) {
  auto state = std::make_unique<State>();
  state->on_change = std::move(f);
  Result<UniqueFd> fd = open_netlink(receive_buffer);
  if (!fd) return fd.error();
  state->fd = std::move(*fd);
  for (const int group : kGroups)
    if (setsockopt(state->fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
      return errno_error("subscribe to netlink group " + std::to_string(group));
  Result<EventLoop::Source> source =
      loop.on_readable(state->fd.get(), [s = state.get()] { s->on_readable(); });
  if (!source) return source.error();
  state->source = std::move(*source);
  return Monitor(std::move(state));
}

}  // namespace sluice
