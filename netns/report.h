// SPDX-License-Identifier: Apache-2.0
// How the demo looks: headings, a picture of the lab and tables of who answered.
#pragma once

#include <string>
#include <string_view>

#include "netns/tally.h"
#include "netns/topology.h"

namespace sluice::netns {

// Colours and line drawing on a terminal that has them, plain text elsewhere.
class Report {
 public:
  Report();

  void heading(std::string_view text);
  void line(std::string_view text);
  // `text`, every line of it set in from the margin.
  void quote(std::string_view text);
  void good(std::string_view text);
  void bad(std::string_view text);
  void picture(Topology& topology);
  // One row per backend of `weights` and per stranger: expected and actual shares.
  void shares(const Tally& tally, const Weights& weights);

 private:
  std::string painted(const char* code, std::string_view text) const;

  bool colour_, unicode_;
};

}  // namespace sluice::netns
