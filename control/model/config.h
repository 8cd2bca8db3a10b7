// SPDX-License-Identifier: Apache-2.0
// What an operator means: a configuration that has already been found valid.
//
// Plain values, comparable as wholes. config/ makes them from text; plan/ compiles them. Every
// default is filled in here by the reader, so nobody downstream asks "was it given?".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace sluice {

// How the data plane is attached to an interface. kAuto: native, else generic, said loudly.
enum class AttachMode { kAuto, kNative, kGeneric };

struct Interface {
  std::string name;
  AttachMode mode = AttachMode::kAuto;
  // A fixed next hop for everything sent out of this interface; without it the kernel's routes
  // and neighbours decide.
  std::optional<MacAddress> next_hop;

  bool operator==(const Interface&) const = default;
};

// How packets reach a backend.
enum class Tunnel { kIpip };

struct Forward {
  Tunnel tunnel = Tunnel::kIpip;
  // Outer source address per family; without it the address the kernel would use on the way.
  std::optional<IpAddress> source_v4, source_v6;

  bool operator==(const Forward&) const = default;
};

// Which fields of a packet choose its slot.
enum class HashFields { kFiveTuple, kSource, kSourceAndVip };

// What becomes of packets for a service without a usable backend.
enum class EmptyPolicy { kDrop, kPass };

struct Backend {
  std::string name;  // unique in its pool
  IpAddress address;
  uint32_t weight = 100;  // 0-1000; 0 = gets no new flows
  Forward forward;

  bool operator==(const Backend&) const = default;
};

struct Pool {
  std::string name;
  std::vector<Backend> backends;  // in the order of the file, which means nothing

  bool operator==(const Pool&) const = default;
};

struct Port {
  uint16_t number;   // host byte order
  uint8_t protocol;  // IPPROTO_TCP or IPPROTO_UDP

  auto operator<=>(const Port&) const = default;
};

struct Service {
  std::string name;
  std::vector<IpAddress> vips;
  std::vector<Port> ports;
  std::string pool;  // a key of Config::pools; an anonymous pool is named "service:<name>"
  HashFields hash = HashFields::kFiveTuple;
  EmptyPolicy empty = EmptyPolicy::kDrop;

  bool operator==(const Service&) const = default;
};

struct Config {
  std::vector<Interface> interfaces;  // at least one
  uint32_t ring_size = 65537;         // slots of every ring; a prime
  std::string seed;                   // fleet-wide secret of the flow hash; never logged
  std::map<std::string, Pool> pools;
  std::vector<Service> services;  // in the order of the file

  bool operator==(const Config&) const = default;
};

}  // namespace sluice
