// SPDX-License-Identifier: Apache-2.0
#include "daemon/attachments.h"

#include <algorithm>

#include "base/log.h"

namespace sluice {

namespace {

uint32_t index_of(const std::vector<Link>& links, const std::string& name) {
  for (const Link& l : links)
    if (l.name == name) return l.ifindex;
  return 0;
}

bool named(const std::vector<Interface>& interfaces, const std::string& name) {
  return std::any_of(interfaces.begin(), interfaces.end(),
                     [&](const Interface& i) { return i.name == name; });
}

}  // namespace

Result<void> Attachments::put(const std::vector<Interface>& wanted, const std::vector<Link>& links,
                              const Programs& programs, bool exchange, const Programs& old,
                              const Pins& pins) {
  std::vector<std::string> fresh;
  for (const Interface& i : wanted) {
    const uint32_t ifindex = index_of(links, i.name);
    if (ifindex == 0 && known_.contains(i.name)) continue;
    Result<void> r =
        ifindex == 0 ? Result<void>(Error{"interface " + i.name + ": there is no such interface"})
                     : put_one(i, ifindex, programs, exchange, pins, fresh);
    if (!r) {
      undo(fresh, exchange ? old : Programs{}, pins);
      return r;
    }
  }
  known_.clear();
  for (const Interface& i : wanted) known_.emplace(i.name, i.mode);
  return {};
}

// `fresh` collects the interfaces this call has attached that were not before.
Result<void> Attachments::put_one(const Interface& wanted, uint32_t ifindex,
                                  const Programs& programs, bool exchange, const Pins& pins,
                                  std::vector<std::string>& fresh) {
  const int program_fd = programs.at(hook_of(wanted.mode));
  const auto it = attached_.find(wanted.name);
  const auto mode = known_.find(wanted.name);
  const bool stays = it != attached_.end() && it->second.ifindex() == ifindex &&
                     it->second.alive() && mode != known_.end() && mode->second == wanted.mode;
  if (stays) return exchange ? it->second.replace(program_fd) : Result<void>();
  attached_.erase(wanted.name);
  Result<Attachment> a = Attachment::put(wanted, ifindex, program_fd, pins);
  if (!a) return a.error();
  spdlog::info("{}: attached in {} mode", wanted.name, a->mode());
  attached_.emplace(wanted.name, std::move(*a));
  if (mode == known_.end()) fresh.push_back(wanted.name);
  return {};
}

void Attachments::undo(const std::vector<std::string>& fresh, const Programs& old,
                       const Pins& pins) {
  for (const std::string& name : fresh) {
    attached_.erase(name);
    if (Result<void> r = Attachment::remove(Attachment::pin_name(name), pins); !r)
      spdlog::error("{}: {}", name, r.error().message);
  }
  for (auto& [name, a] : attached_) {
    if (old.at(a.hook()) < 0) continue;
    if (Result<void> r = a.replace(old.at(a.hook())); !r)
      spdlog::error("{}: put the old program back: {}", name, r.error().message);
  }
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

const Attachment* Attachments::find(const std::string& interface) const {
  const auto it = attached_.find(interface);
  return it != attached_.end() && it->second.alive() ? &it->second : nullptr;
}

}  // namespace sluice
