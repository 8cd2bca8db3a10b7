// SPDX-License-Identifier: Apache-2.0
#include "agent/agent.h"

#include <sys/inotify.h>

#include <algorithm>
#include <array>

#include "agent/host_check.h"
#include "base/log.h"

namespace sluice::agent {

namespace {

// Changes of the network come in swarms.
constexpr std::chrono::milliseconds kSettle(50);

const Link* find(const std::vector<Link>& links, const std::string& name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& l) { return l.name == name; });
  return found == links.end() ? nullptr : &*found;
}

Result<std::vector<Target>> find_targets(Netlink& netlink, const Settings& settings) {
  Result<std::vector<Link>> links = list_links(netlink);
  if (!links) return links.error();
  std::vector<Target> targets;
  for (const std::string& name : settings.interfaces) {
    const Link* link = find(*links, name);
    if (!link) return Error{"there is no interface " + printable(name)};
    targets.push_back({name, link->ifindex});
  }
  return targets;
}

// Where tunnels end if nobody says so. VIPs are left out: every backend has them.
std::set<IpAddress> ends_of_tunnels(const Settings& settings,
                                    const std::vector<LinkAddress>& addresses) {
  if (!settings.locals.empty()) return {settings.locals.begin(), settings.locals.end()};
  std::set<IpAddress> ends;
  for (const LinkAddress& a : addresses)
    if (!a.address.is_loopback() &&
        !std::binary_search(settings.vips.begin(), settings.vips.end(), a.address))
      ends.insert(a.address);
  return ends;
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::start(EventLoop& loop, const Options& options) {
  Result<Netlink> netlink = Netlink::open();
  if (!netlink) return netlink.error();
  Result<std::vector<Target>> targets = find_targets(*netlink, options.settings);
  if (!targets) return targets.error();
  Result<Program> program = Program::load(options.settings);
  if (!program) return program.error();
  Result<Pins> pins = Pins::create(options.place);
  if (!pins) return pins.error();

  std::unique_ptr<Agent> agent(new Agent(loop, options.settings, std::move(*pins),
                                         std::move(*program), std::move(*netlink)));
  if (Result<void> r = agent->watch_network(); !r) return r.error();
  if (Result<void> r = agent->follow_addresses(); !r) return r.error();
  if (Result<void> r = agent->put_in_place(*targets); !r) return r.error();
  if (Result<void> r = agent->watch_pins(); !r) return r.error();
  Result<std::vector<LinkAddress>> addresses = list_addresses(agent->netlink_);
  if (!addresses) return addresses.error();
  for (const std::string& finding : check_host(options.settings, *addresses))
    spdlog::warn("{}", finding);
  return agent;
}

Result<void> Agent::put_in_place(const std::vector<Target>& targets) {
  Result<std::vector<Attached>> attached = attach(targets, settings_.mode, program_.fd(), pins_);
  if (!attached) return attached.error();
  attached_ = std::move(*attached);
  for (const Attached& a : attached_)
    spdlog::info("{}: opening tunnels at {}, {} mode", a.interface, to_string(a.hook), a.mode);
  if (Result<void> r = program_.pin_maps(pins_); !r) return r;
  Result<std::vector<Link>> links = list_links(netlink_);
  if (!links) return links.error();
  if (Result<void> r = follow_mss(*links); !r) return r;
  return detach_others();
}

// An interface that is asked for no longer was attached by an earlier run.
Result<void> Agent::detach_others() {
  Result<std::vector<std::string>> pinned = pins_.interfaces();
  if (!pinned) return pinned.error();
  for (const std::string& name : *pinned) {
    if (std::binary_search(settings_.interfaces.begin(), settings_.interfaces.end(), name))
      continue;
    spdlog::warn("{}: no longer asked for; detaching", printable(name));
    if (Result<void> r = detach(name, pins_); !r) return r;
  }
  Result<std::vector<std::string>> clamped = pins_.clamped();
  if (!clamped) return clamped.error();
  for (const std::string& name : *clamped) {
    if (settings_.mss &&
        std::binary_search(settings_.interfaces.begin(), settings_.interfaces.end(), name))
      continue;
    spdlog::info("{}: no longer lowering the MSS", printable(name));
    if (Result<void> r = unclamp(name, pins_); !r) return r;
  }
  return {};
}

// The MTU may change, and the interface may be another.
Result<void> Agent::follow_mss(const std::vector<Link>& links) {
  if (!settings_.mss) return {};
  for (const Attached& a : attached_)
    for (const Link& link : links) {
      if (link.ifindex != a.ifindex) continue;
      const Mss mss = mss_for(settings_, link.mtu);
      if (const auto old = clamped_.find(a.ifindex); old != clamped_.end() && old->second == mss)
        continue;
      if (Result<void> r = clamp(a.interface, a.ifindex, mss, program_.vips_fd(), pins_); !r)
        return r;
      clamped_[a.ifindex] = mss;
      spdlog::info("{}: VIPs ask for segments of {} bytes at most, over IPv6 {}", a.interface,
                   mss.v4, mss.v6);
    }
  return {};
}

Result<void> Agent::watch_network() {
  Result<Monitor> monitor = Monitor::create(loop_, [this](bool) {
    if (settle_) return;
    Result<EventLoop::Source> timer = loop_.after(kSettle, [this] {
      settle_.reset();
      if (Result<void> r = follow(); !r)
        spdlog::error("after a change of the network: {}", r.error().message);
    });
    if (timer) settle_ = std::move(*timer);
  });
  if (!monitor) return monitor.error();
  monitor_ = std::move(*monitor);
  return {};
}

// `unload` may come from another process: the pins are the data plane, so when a link of ours is
// gone from there this process has nothing left to do.
Result<void> Agent::watch_pins() {
  pin_events_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!pin_events_.valid()) return errno_error("watch " + pins_.directory());
  if (::inotify_add_watch(pin_events_.get(), pins_.directory().c_str(), IN_DELETE) < 0)
    return errno_error("watch " + pins_.directory());
  Result<EventLoop::Source> source =
      loop_.on_readable(pin_events_.get(), [this] { pins_changed(); });
  if (!source) return source.error();
  pin_watch_ = std::move(*source);
  return {};
}

void Agent::pins_changed() {
  std::array<char, 4096> events;
  while (::read(pin_events_.get(), events.data(), events.size()) > 0) {
  }
  for (const Attached& a : attached_) {
    if (::access(pins_.path(link_name(a.interface)).c_str(), F_OK) == 0 || errno != ENOENT)
      continue;
    spdlog::info("unloaded: packets stay in their tunnels");
    loop_.stop();
    return;
  }
}

Result<void> Agent::follow_addresses() {
  Result<std::vector<LinkAddress>> addresses = list_addresses(netlink_);
  if (!addresses) return addresses.error();
  const std::set<IpAddress> ends = ends_of_tunnels(settings_, *addresses);
  if (ends.empty()) spdlog::warn("this host has no address where a tunnel could end");
  return program_.set_locals(ends);
}

// The kernel empties the link of an interface that is deleted; one of the same name that comes
// later is a new one. A renamed interface stays attached.
Result<void> Agent::follow_interface(Attached& attached, const std::vector<Link>& links) {
  const Link* link = find(links, attached.interface);
  const bool alive = std::any_of(links.begin(), links.end(),
                                 [&](const Link& l) { return l.ifindex == attached.ifindex; });
  if (alive) return {};
  if (!link) {
    if (attached.ifindex != 0) spdlog::warn("{}: the interface is gone", attached.interface);
    attached.ifindex = 0;
    return {};
  }
  Result<std::vector<Attached>> again =
      attach({{attached.interface, link->ifindex}}, settings_.mode, program_.fd(), pins_);
  if (!again) return again.error();
  attached = again->at(0);
  spdlog::info("{}: opening tunnels again at {}, {} mode", attached.interface,
               to_string(attached.hook), attached.mode);
  return {};
}

Result<void> Agent::follow() {
  Result<void> outcome = follow_addresses();
  Result<std::vector<Link>> links = list_links(netlink_);
  if (!links) return links.error();
  for (Attached& attached : attached_)
    if (Result<void> r = follow_interface(attached, *links); !r) outcome = r;
  if (Result<void> r = follow_mss(*links); !r) outcome = r;
  return outcome;
}

}  // namespace sluice::agent
