// SPDX-License-Identifier: Apache-2.0
#include "daemon/probe_ways.h"

#include <algorithm>

#include "base/log.h"

namespace sluice {

namespace {

std::vector<IpPrefix> vips_of(const Config& config) {
  std::vector<IpPrefix> out;
  for (const Service& s : config.services) out.insert(out.end(), s.vips.begin(), s.vips.end());
  return out;
}

}  // namespace

Result<ProbeWays> ProbeWays::create() {
  Result<Netlink> netlink = Netlink::open();
  if (!netlink) return netlink.error();
  return ProbeWays(std::move(*netlink));
}

// The program first: what it does not send, nobody shall.
Result<void> ProbeWays::open_tunnel(const ProbedMembers& members) {
  if (members.table_fd < 0)
    return Error{
        "the data plane is in a device, whose tables a tunnel for probes cannot use: ask `via: "
        "direct`"};
  // Somebody may have deleted it.
  if (device_ && !(device_->alive() && program_->attached())) {
    program_.reset();
    device_.reset();
  }
  if (device_) {
    if (table_number_ == members.table_number) return {};
    if (Result<void> r = program_->use(members.table_fd); !r) return r;
    table_number_ = members.table_number;
    return {};
  }
  Result<ProbeDevice> device = ProbeDevice::create();
  if (!device) return device.error();
  Result<ProbeProgram> program = ProbeProgram::load(members.table_fd);
  if (!program) return program.error();
  const TcPlace place = {device->name(), device->ifindex(), TcHook::kEgress};
  if (Result<void> r = program->attach(place); !r) return r;
  if (Result<void> r = device->start(); !r) return r;
  device_.emplace(std::move(*device));
  program_.emplace(std::move(*program));
  table_number_ = members.table_number;
  return {};
}

Result<void> ProbeWays::find_paths(const std::vector<health::Target>& targets,
                                   const Config& config) {
  std::vector<ProbeEnds> missing;
  for (const health::Target& t : targets)
    if (t.through_tunnel() && !paths_.contains({t.vip, t.backend}))
      missing.push_back({t.vip, t.backend});
  if (missing.empty()) return {};
  const Result<std::vector<Result<ProbePath>>> found = find_probe_paths(
      netlink_, missing, vips_of(config), device_->rules().mark(0), device_->ifindex());
  if (!found) return found.error();
  for (size_t i = 0; i < missing.size(); i++)
    paths_.insert_or_assign({missing[i].vip, missing[i].backend}, (*found)[i]);
  return {};
}

Result<health::Way> ProbeWays::tunnel_of(const health::Target& target,
                                         const ProbedMembers& members) const {
  if (trouble_) return *trouble_;
  if (!target.vip.is_v4() && device_->rules().missing_v6())
    return Error{*device_->rules().missing_v6()};
  const InnerFamily family = target.vip.is_v4() ? InnerFamily::kV4 : InnerFamily::kV6;
  const auto member = members.live.members.find({target.service, target.backend, family});
  if (member == members.live.members.end()) return Error{"it has no next hop"};
  const auto path = paths_.find({target.vip, target.backend});
  if (path == paths_.end()) return Error{"nobody has looked for its path"};
  if (!path->second) return path->second.error();
  return health::Way{.address = target.vip,
                     .port = target.check.port,
                     .source = path->second->source,
                     .mark = device_->rules().mark(member->second.index),
                     .max_packet = member->second.value.max_inner};
}

Result<health::Way> ProbeWays::way_of(const health::Target& target,
                                      const ProbedMembers& members) const {
  if (target.through_tunnel()) return tunnel_of(target, members);
  return health::Way{.address = target.backend, .port = target.check.port};
}

std::vector<health::Work> ProbeWays::work_for(const std::vector<health::Target>& targets,
                                              const Config& config, const ProbedMembers& members) {
  trouble_.reset();
  if (std::any_of(targets.begin(), targets.end(),
                  [](const health::Target& t) { return t.through_tunnel(); })) {
    Result<void> r = open_tunnel(members);
    if (r) r = find_paths(targets, config);
    if (!r) trouble_ = r.error();
  }
  std::vector<health::Work> out;
  unaskable_.clear();
  for (const health::Target& t : targets)
    if (Result<health::Way> way = way_of(t, members); way)
      out.push_back({t.id, t.check, *way});
    else
      unaskable_.emplace(t.id, way.error().message);
  return out;
}

std::string ProbeWays::doubt(const health::Target& target) const {
  const auto path = paths_.find({target.vip, target.backend});
  return path == paths_.end() || !path->second ? "" : path->second->doubt;
}

}  // namespace sluice
