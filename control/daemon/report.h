// SPDX-License-Identifier: Apache-2.0
// What the daemon knows, as the documents of the API.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/documents.h"
#include "daemon/controller.h"
#include "daemon/ways.h"
#include "model/config.h"

namespace sluice {

// Everything a document is made of, as it is now.
struct Knowledge {
  const Config& config;  // the one in force
  const Controller& controller;
  const Ways& ways;
  const Counters& counters;
  const Leaving& leaving;
  const std::vector<Link>& links;
};

// `lost` as lost_redirects() has it.
std::vector<api::Interface> report_interfaces(const Knowledge& k,
                                              const std::map<std::string, std::string>& lost);
api::Counters report_counters(const Knowledge& k);
std::vector<api::Unusable> report_unusable(const Knowledge& k);
api::Service report_service(const Knowledge& k, const Service& service);

}  // namespace sluice
