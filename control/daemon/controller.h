// SPDX-License-Identifier: Apache-2.0
// The one road of every change: Config, conditions of backends and next hops in, a published data
// plane out.
#pragma once

#include <memory>

#include "daemon/attachments.h"
#include "daemon/ledger.h"
#include "daemon/make_dataplane.h"
#include "daemon/pinned_state.h"
#include "daemon/smoke.h"
#include "kernel/pins.h"
#include "model/config.h"
#include "model/next_hop.h"
#include "plan/history.h"

namespace sluice {

struct Preview {
  Plan plan;
  std::vector<std::string> new_data_plane;  // why one is built beside; empty: none is
  std::vector<std::string> new_programs;    // why others are put on the same tables; empty: none
  std::vector<std::string> warnings;
};

class Controller {
 public:
  explicit Controller(Pins pins) : pins_(std::move(pins)) {}

  // Goes on with what an earlier daemon of the instance left running, if it can. To be called
  // before all else.
  Result<void> adopt();

  // Makes the kernel forward as `config`, `next_hops` and `conditions` say. Tables that fit are
  // exchanged in the running data plane, under other programs if it takes those; otherwise (first
  // time, more room needed, another seed or ring size) a new data plane is built and filled beside
  // it and takes its place on every interface. On an error the old state serves on.
  Result<void> apply(const Config& config, const NextHops& next_hops,
                     const std::vector<Link>& links, const Conditions& conditions = {});
  // What apply() would do now, or why it would refuse; touches nothing.
  Result<Preview> preview(const Config& config, const NextHops& next_hops,
                          const std::vector<Link>& links, const Conditions& conditions = {}) const;
  // As History's.
  bool is_due(Time now) const { return history_.is_due(now); }
  void take(const Sweep& sweep) { history_.take(sweep); }
  Leaving leaving(const Config& config) const { return history_.leaving(config); }
  // What is remembered of flows; null: nothing is.
  FlowTables* flow_tables() const { return dataplane_ ? dataplane_->flows() : nullptr; }
  // How many flows there can be; zero: none is remembered.
  FlowCapacity flow_capacity() const;
  // The table of members that packets meet; -1: there is none on this host.
  int members_fd() const;
  // Changes when the tables do.
  uint64_t tables_number() const { return tables_number_; }

  // Detaches from every interface and removes everything that was pinned.
  Result<void> unload();

  const Live& live() const { return history_.live(); }
  // Those that packets meet; -1 where there is none.
  Programs programs() const { return dataplane_ ? dataplane_->programs() : Programs{}; }
  const Attachments& attachments() const { return attachments_; }
  // Since this daemon started. Before the first apply() all are zero.
  Result<Counters> counters() const;
  Result<FlowEvents> flow_events() const;
  sluice_counter service_total(const std::string& name, const Counters& now) const {
    return ledger_.service(name, now, live());
  }

 private:
  void warn(const Config& config, const Image& image);
  std::vector<std::string> why_other_tables(const Make& wanted, const Image& image) const;
  bool tables_fit(const Make& wanted, const Image& image) const;
  Result<void> change(const Config& config, const Make& wanted, History::Next next,
                      const std::vector<Link>& links);
  Result<void> change_tables(const Config& config, History::Next next,
                             const std::vector<Link>& links);
  Result<void> change_programs(const Make& make);
  Result<void> replace_dataplane(const Config& config, const Make& wanted, History::Next next,
                                 const std::vector<Link>& links);
  Result<void> publish_saved(Plan& plan, const Past& past, const Config& config,
                             const std::vector<Link>& links);
  Result<void> keep(LoadedDataplane& fresh, const Make& make, const Plan& plan, const Past& past,
                    PinnedState& state, uint32_t& directory, SmokeCounts& tests) const;
  Result<PinnedPrograms> earlier_programs() const;
  const Objects* flows_before() const;
  Result<void> try_programs(const Programs& programs, const Make& make);
  std::vector<uint8_t> state_of(const Past& past) const;
  Result<void> save();
  void save_what_is_in_force();
  void remove_old_tables();
  void retire_flow_events(LoadedDataplane& next);
  Result<Counters> read(const LoadedDataplane& dataplane, const Live& live) const;

  Pins pins_;
  History history_;
  std::unique_ptr<LoadedDataplane> dataplane_;
  // Of a build with other tables, until a data plane of this one goes on with its flows.
  std::optional<Objects> earlier_flows_;
  uint64_t tables_number_ = 0;
  Make made_;                    // how dataplane_ was
  bool programs_known_ = false;  // they are as made_ says, and of this build
  uint32_t directory_ = 0;       // the number of dataplane_'s among the pins; 0: it has none
  PinnedState state_;
  std::vector<std::string> warned_;  // of what is in force
  Ledger ledger_;
  Attachments attachments_;
};

}  // namespace sluice
