// SPDX-License-Identifier: Apache-2.0
// What differs between two configurations, in the words of their files. Pure.
#pragma once

#include <vector>

#include "api/config_documents.h"
#include "model/config.h"

namespace sluice {

std::vector<api::ServiceChange> compare_services(const Config& before, const Config& after);
std::vector<api::InterfaceChange> compare_interfaces(const Config& before, const Config& after);
// What is in `defaults` for the whole instance, and what pools say of health: "pool web: check:
// every".
std::vector<api::SettingChange> compare_settings(const Config& before, const Config& after);

}  // namespace sluice
