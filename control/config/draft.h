// SPDX-License-Identifier: Apache-2.0
// A Config in the making: the values read so far and the nodes they came from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/tree.h"
#include "model/config.h"

namespace sluice {

struct ServiceNodes {
  const Node* service = nullptr;
  std::vector<const Node*> vips;   // parallel to Service::vips
  std::vector<const Node*> ports;  // parallel to Service::ports
  const Node* pool = nullptr;      // the name of a named pool; null for an anonymous one
};

struct PoolNodes {
  const Node* pool = nullptr;
  std::vector<const Node*> addresses;  // parallel to Pool::backends
  const Node* check = nullptr;         // null: none, or that of the defaults
};

// What cross_check() needs to say where. What could not be read is left out of both halves.
struct Draft {
  Config config;
  std::vector<ServiceNodes> services;      // parallel to Config::services
  std::map<std::string, PoolNodes> pools;  // the keys of Config::pools
  size_t default_check_bytes = 0;          // that copies of the defaults' check take
};

}  // namespace sluice
