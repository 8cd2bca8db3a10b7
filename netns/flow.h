// SPDX-License-Identifier: Apache-2.0
// What the lab's flows say: the client sends one byte, and whoever has the flow answers its name.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace sluice::netns {

inline constexpr uint16_t kFlowPort = 7000;

enum class Transport { kTcp, kUdp };

inline constexpr char kFlowRequest = '?';
using FlowAnswer = std::array<char, 16>;  // a name, filled up with zeros

FlowAnswer flow_answer(const std::string& name);
std::string name_in(const FlowAnswer& answer);

// Thousands of flows have a descriptor each, at both ends.
Result<void> allow_many_descriptors();

}  // namespace sluice::netns
