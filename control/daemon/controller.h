// SPDX-License-Identifier: Apache-2.0
// The one road of every change: Config and next hops in, a published data plane out.
#pragma once

#include <memory>

#include "daemon/attachments.h"
#include "daemon/ledger.h"
#include "daemon/make_dataplane.h"
#include "kernel/pins.h"
#include "model/config.h"
#include "model/next_hop.h"
#include "plan/compile.h"

namespace sluice {

class Controller {
 public:
  explicit Controller(Pins pins) : pins_(std::move(pins)) {}

  // Makes the kernel forward as `config` and `next_hops` say. Tables that fit are exchanged in the
  // running data plane; otherwise (first time, more room needed, another seed, ring size or hook) a
  // new data plane is built and filled beside it and takes its place on every interface. On an
  // error the old state serves on.
  Result<void> apply(const Config& config, const NextHops& next_hops,
                     const std::vector<Link>& links);
  // Detaches from every interface and removes everything that was pinned.
  Result<void> unload();

  const Live& live() const { return live_; }
  const Attachments& attachments() const { return attachments_; }
  // Since this daemon started. Before the first apply() all are zero.
  Result<Counters> counters() const;
  sluice_counter service_total(const std::string& name, const Counters& now) const {
    return ledger_.service(name, now, live_);
  }

 private:
  void warn(const Config& config, const Image& image);
  bool can_serve(const Make& wanted, const Image& image) const;
  Result<void> change_tables(const Config& config, Image image, const std::vector<Link>& links);
  Result<void> replace_dataplane(const Config& config, const Make& wanted, Image image,
                                 const std::vector<Link>& links);
  Result<Counters> read(const LoadedDataplane& dataplane, const Live& live) const;

  Pins pins_;
  RingCache rings_;
  std::unique_ptr<LoadedDataplane> dataplane_;
  Make made_;  // how dataplane_ was
  Live live_;
  std::vector<std::string> warned_;  // of what is in force
  Ledger ledger_;
  Attachments attachments_;
};

}  // namespace sluice
