// SPDX-License-Identifier: Apache-2.0
// Addresses and prefixes as the keys of the agent's maps, and back.
#pragma once

#include <cstring>

#include "abi/agent_abi.h"
#include "agent/prefix.h"
#include "base/ip_address.h"

namespace sluice::agent {

inline sluice_addr to_key(const IpAddress& address) {
  sluice_addr key;
  static_assert(sizeof(key.word) == sizeof(IpAddress::Bytes));
  std::memcpy(key.word, address.bytes().data(), sizeof(key.word));
  return key;
}

inline sluice_prefix to_key(const Prefix& prefix) {
  sluice_prefix key = {.length = prefix.length};
  std::memcpy(key.word, prefix.address.bytes().data(), sizeof(key.word));
  return key;
}

inline IpAddress from_key(const sluice_addr& key) {
  return IpAddress::from_v6(key.word);
}

inline Prefix from_key(const sluice_prefix& key) {
  return {IpAddress::from_v6(key.word), key.length};
}

}  // namespace sluice::agent
