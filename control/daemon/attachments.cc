// SPDX-License-Identifier: Apache-2.0
#include "daemon/attachments.h"

#include <algorithm>

#include "base/log.h"
#include "kernel/xdp_link.h"

namespace sluice {

namespace {

uint32_t index_of(const std::vector<Link>& links, const std::string& name) {
  for (const Link& l : links)
    if (l.name == name) return l.ifindex;
  return 0;
}

// The mode that asks for what runs, and for nothing else.
AttachMode mode_of(const Attachment& a) {
  if (a.hook() == Hook::kTc) return AttachMode::kTc;
  const std::string_view mode = a.mode();
  if (mode == to_string(XdpMode::kNative)) return AttachMode::kNative;
  return mode == to_string(XdpMode::kGeneric) ? AttachMode::kGeneric : AttachMode::kOffload;
}

bool named(const std::vector<Interface>& interfaces, const std::string& name) {
  return std::any_of(interfaces.begin(), interfaces.end(),
                     [&](const Interface& i) { return i.name == name; });
}

}  // namespace

Result<void> Attachments::adopt(const Pins& pins) {
  const Result<std::vector<std::string>> names = pins.list();
  if (!names) return names.error();
  for (const std::string& pin : *names) {
    Result<std::optional<Attachment>> a = Attachment::look_at(pin, pins);
    if (!a) return a.error();
    if (!*a) continue;
    const std::string name = (*a)->interface();
    const bool alive = (*a)->alive();
    known_.emplace(name, Known{.mode = mode_of(**a),
                               .share = (*a)->share(),
                               .runs_in = alive ? (*a)->mode() : "",
                               .by = alive ? (*a)->by() : "",
                               .adopted = true});
    if (alive) attached_.emplace(name, std::move(**a));
  }
  return {};
}

Result<void> Attachments::exchange(const Programs& programs, const Programs& old,
                                   const std::function<Result<void>()>& then) {
  std::vector<Attachment*> done;
  Result<void> r;
  for (auto& [name, a] : attached_) {
    if (!r || !a.alive()) continue;
    r = a.replace(programs.program(a.hook()));
    if (r) done.push_back(&a);
  }
  if (r) r = then();
  if (r) return r;
  for (Attachment* a : done)
    if (Result<void> back = a->replace(old.program(a->hook())); !back)
      spdlog::error("put the old program back: {}", back.error().message);
  return r;
}

Result<void> Attachments::put(const std::vector<Interface>& wanted,
                              const std::vector<Link>& as_they_are, const Programs& programs,
                              bool exchange, const Programs& old, const Pins& pins,
                              const std::function<Result<void>()>& then) {
  std::vector<std::string> fresh;
  troubles_.clear();
  const std::vector<Link> links = as_configured(as_they_are);
  Result<void> r = put_all(wanted, links, programs, exchange, pins, fresh);
  if (r && then) r = then();
  if (r)
    remember(wanted);
  else
    undo(fresh, links, old, exchange, pins);
  return r;
}

// With those that were renamed under the names of the configuration, too.
std::vector<Link> Attachments::as_configured(const std::vector<Link>& links) const {
  std::vector<Link> out = links;
  for (const auto& [name, known] : known_) {
    const Link* link = link_of(name, links);
    if (!link || link->name == name) continue;
    out.push_back(*link);
    out.back().name = name;
  }
  return out;
}

Result<void> Attachments::put_all(const std::vector<Interface>& wanted,
                                  const std::vector<Link>& links, const Programs& programs,
                                  bool exchange, const Pins& pins,
                                  std::vector<std::string>& fresh) {
  for (const Interface& i : wanted) {
    const uint32_t ifindex = index_of(links, i.name);
    if (ifindex == 0 && known_.contains(i.name)) continue;
    if (ifindex == 0) return Error{"interface " + i.name + ": there is no such interface"};
    const bool was_away = comes_back(i, ifindex);
    Result<void> r = put_one(i, ifindex, programs, exchange, pins, fresh);
    if (!r && !was_away) return r;
    // What has just gone again, after `links` were read, is away.
    if (!r && r.error().code != ENODEV) troubles_.emplace(i.name, r.error().message);
  }
  return {};
}

// One of the configuration in force whose device went, and that has one again.
bool Attachments::comes_back(const Interface& wanted, uint32_t ifindex) {
  const auto known = known_.find(wanted.name);
  return known != known_.end() && !known->second.adopted && known->second.mode == wanted.mode &&
         !find_on(wanted.name, ifindex);
}

void Attachments::remember(const std::vector<Interface>& wanted) {
  known_.clear();
  for (const Interface& i : wanted) {
    const Attachment* a = find(i.name);
    known_.emplace(i.name, Known{.mode = i.mode,
                                 .share = i.share,
                                 .runs_in = a ? a->mode() : "",
                                 .by = a ? a->by() : ""});
  }
}

// `fresh` collects the interfaces this call has attached that were not before.
Result<void> Attachments::put_one(const Interface& wanted, uint32_t ifindex,
                                  const Programs& programs, bool exchange, const Pins& pins,
                                  std::vector<std::string>& fresh) {
  const Program program = programs.program(hook_of(wanted.mode));
  const auto known = known_.find(wanted.name);
  Attachment* a = find_on(wanted.name, ifindex);
  if (a && known != known_.end() && known->second.mode == wanted.mode &&
      known->second.share == wanted.share)
    return exchange || known->second.adopted ? a->replace(program) : Result<void>();
  if (Result<void> r = attach(wanted, ifindex, program, pins); !r) return r;
  if (known == known_.end()) fresh.push_back(wanted.name);
  return {};
}

Result<void> Attachments::attach(const Interface& wanted, uint32_t ifindex, const Program& program,
                                 const Pins& pins) {
  attached_.erase(wanted.name);
  Result<Attachment> a = Attachment::put(wanted, ifindex, program, pins);
  if (!a) return a.error();
  spdlog::info("{}: attached in {} mode by {}", wanted.name, a->mode(), a->by());
  attached_.emplace(wanted.name, std::move(*a));
  return {};
}

// An interface that is away stays so.
void Attachments::undo(const std::vector<std::string>& fresh, const std::vector<Link>& links,
                       const Programs& old, bool exchange, const Pins& pins) {
  for (const std::string& name : fresh) {
    attached_.erase(name);
    if (Result<void> r = Attachment::remove(Attachment::pin_name(name), pins); !r)
      spdlog::error("{}: {}", name, r.error().message);
  }
  for (const auto& [name, known] : known_) {
    const uint32_t ifindex = index_of(links, name);
    if (ifindex == 0) continue;
    if (Result<void> r = put_back(name, known, ifindex, old, exchange, pins); !r)
      spdlog::error("{}: put the old program back: {}", name, r.error().message);
  }
}

Result<void> Attachments::put_back(const std::string& name, const Known& known, uint32_t ifindex,
                                   const Programs& old, bool exchange, const Pins& pins) {
  const Program program = old.program(hook_of(known.mode));
  if (program.fd < 0) return {};  // what ran was an earlier daemon's, and is not known
  Attachment* a = find_on(name, ifindex);
  if (!a && known.runs_in.empty()) return {};  // it did not run before
  if (a && a->mode() == known.runs_in && a->by() == known.by)
    return exchange || a->share() != known.share ? a->replace(program, known.share)
                                                 : Result<void>();
  // Mode auto would be content with the mode that is to be undone.
  if (a)
    if (Result<void> r = Attachment::remove(Attachment::pin_name(name), pins); !r) return r;
  return attach({.name = name, .mode = known.mode, .share = known.share}, ifindex, program, pins);
}

Result<void> Attachments::remove_others(const std::vector<Interface>& wanted, const Pins& pins) {
  Result<std::vector<std::string>> names = pins.list();
  if (!names) return names.error();
  for (const std::string& pin : *names) {
    const auto name = Attachment::interface_of_pin(pin);
    if (!name || named(wanted, *name)) continue;
    attached_.erase(*name);
    known_.erase(*name);
    if (Result<void> r = Attachment::remove(pin, pins); !r) return r;
    spdlog::info("{}: detached", *name);
  }
  return {};
}

Attachment* Attachments::find_on(const std::string& name, uint32_t ifindex) {
  const auto it = attached_.find(name);
  const bool there = it != attached_.end() && it->second.ifindex() == ifindex && it->second.alive();
  return there ? &it->second : nullptr;
}

const Link* Attachments::link_of(const std::string& interface,
                                 const std::vector<Link>& links) const {
  const Attachment* a = find(interface);
  const Link* renamed = nullptr;
  for (const Link& l : links) {
    if (l.name == interface) return &l;
    if (a && l.ifindex == a->ifindex()) renamed = &l;
  }
  return renamed;
}

const Attachment* Attachments::find(const std::string& interface) const {
  const auto it = attached_.find(interface);
  return it != attached_.end() && it->second.alive() ? &it->second : nullptr;
}

}  // namespace sluice
