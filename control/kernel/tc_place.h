// SPDX-License-Identifier: Apache-2.0
// Where a tc program goes: one direction of one interface.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

enum class TcHook { kIngress, kEgress };

inline const char* to_string(TcHook hook) {
  return hook == TcHook::kIngress ? "ingress" : "egress";
}

struct TcPlace {
  std::string interface;  // for messages: what counts is the index
  uint32_t ifindex = 0;
  TcHook hook = TcHook::kIngress;

  std::string to_string() const { return interface + " at tc " + sluice::to_string(hook); }
};

}  // namespace sluice
