// SPDX-License-Identifier: Apache-2.0
// The program on all interfaces of the configuration: all of them or none.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernel/attachment.h"
#include "network/links.h"

namespace sluice {

class Attachments {
 public:
  // Takes note of what an earlier daemon has left attached, which is not detached by a put() that
  // fails.
  Result<void> adopt(const Pins& pins);

  // Exchanges the program wherever one is attached, and touches nothing else: all of them or none,
  // as put().
  Result<void> exchange(const Programs& programs, const Programs& old,
                        const std::function<Result<void>()>& then);

  // Puts the program of its hook on every wanted interface, pinned in `pins`. Where it already
  // runs, nothing happens unless `exchange`. On an error those that had one of `old` have it again,
  // in the mode they had it in, and those that were attached by this call are detached. `then` is
  // done at the end, and its error is one like any other.
  //
  // An interface that is new to the configuration must exist; one that was there before may be
  // away, and is attached when it comes back. If it cannot be then, that is no error of the others:
  // it is among the troubles() until a put() that can.
  Result<void> put(const std::vector<Interface>& wanted, const std::vector<Link>& as_they_are,
                   const Programs& programs, bool exchange, const Programs& old, const Pins& pins,
                   const std::function<Result<void>()>& then = {});
  // Detaches from every interface that is not `wanted`, including those of an earlier daemon.
  Result<void> remove_others(const std::vector<Interface>& wanted, const Pins& pins);
  // Detaches from all of them.
  Result<void> remove_all(const Pins& pins) { return remove_others({}, pins); }

  // The attachment of an interface, or null while it is away.
  const Attachment* find(const std::string& interface) const;
  // The link that an interface of the configuration is: the one that has the name; where none has,
  // the one that is attached under it and is called something else now. Null: it is away.
  const Link* link_of(const std::string& interface, const std::vector<Link>& links) const;
  // By name: why an interface that came back could not be attached. The last put() did the rest.
  const std::map<std::string, std::string>& troubles() const { return troubles_; }

 private:
  struct Known {
    AttachMode mode;
    std::optional<Share> share;
    std::string runs_in;   // what `mode` came to, as Attachment::mode(); empty: it was away
    std::string by;        // likewise what `share` came to
    bool adopted = false;  // nobody knows which of our programs it runs
  };
  Result<void> put_all(const std::vector<Interface>& wanted, const std::vector<Link>& links,
                       const Programs& programs, bool exchange, const Pins& pins,
                       std::vector<std::string>& fresh);
  Result<void> put_one(const Interface& wanted, uint32_t ifindex, const Programs& programs,
                       bool exchange, const Pins& pins, std::vector<std::string>& fresh);
  void remember(const std::vector<Interface>& wanted);
  void undo(const std::vector<std::string>& fresh, const std::vector<Link>& links,
            const Programs& old, bool exchange, const Pins& pins);
  Result<void> put_back(const std::string& name, const Known& known, uint32_t ifindex,
                        const Programs& old, bool exchange, const Pins& pins);
  Result<void> attach(const Interface& wanted, uint32_t ifindex, const Program& program,
                      const Pins& pins);
  std::vector<Link> as_configured(const std::vector<Link>& links) const;
  bool comes_back(const Interface& wanted, uint32_t ifindex);
  // The attachment of the interface, if it is to this one of that name; else null.
  Attachment* find_on(const std::string& name, uint32_t ifindex);

  std::map<std::string, Attachment> attached_;
  std::map<std::string, Known> known_;  // interfaces of the configuration in force
  std::map<std::string, std::string> troubles_;
};

}  // namespace sluice
