// SPDX-License-Identifier: Apache-2.0
// What makes two targets the same, as bytes: equal for equal values, and different for different
// ones.
#pragma once

#include <string>
#include <string_view>

#include "model/config.h"

namespace sluice::health {

std::string key_of(const Check& check);
std::string key_of(const Forward& forward);
std::string key_of(const IpAddress& address);

// FNV-1a, 64 bits. The same on every machine: it is saved.
uint64_t hash_of(std::string_view key);

}  // namespace sluice::health
