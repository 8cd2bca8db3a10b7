// SPDX-License-Identifier: Apache-2.0
// What the API says: the documents of /v1 as plain values, and their JSON.
//
// A public interface. Fields may be added within /v1, never renamed, removed or given another
// meaning. A reader ignores fields it does not know and leaves those it misses at their defaults,
// so a daemon and a client of different ages understand each other. Packets and bytes are exact
// 64-bit numbers, counted since the instance was loaded.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::api {

// Makes to_json() and from_json() of a struct from the names of its fields.
#define SLUICE_DOCUMENT NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT

// One network interface the configuration names.
struct Interface {
  std::string name;
  uint32_t ifindex = 0;  // 0: there is no such interface now
  std::string mode;      // "native" or "generic"; empty while not attached
  bool attached = false;
  std::string detail;  // why not attached, or why not in the mode that was asked for

  bool operator==(const Interface&) const = default;
};
SLUICE_DOCUMENT(Interface, name, ifindex, mode, attached, detail)

// How many packets met one fate for one reason.
struct ReasonCount {
  std::string reason;  // a stable word, "FRAGMENT"
  std::string text;    // the same as a sentence
  uint64_t packets = 0;

  bool operator==(const ReasonCount&) const = default;
};
SLUICE_DOCUMENT(ReasonCount, reason, text, packets)

struct Traffic {
  uint64_t packets = 0;
  uint64_t bytes = 0;

  bool operator==(const Traffic&) const = default;
};
SLUICE_DOCUMENT(Traffic, packets, bytes)

// Every packet the program has seen is in exactly one of these.
struct Counters {
  std::vector<ReasonCount> passed;   // left to the kernel's own stack
  std::vector<ReasonCount> dropped;  // every reason, also those that never happened
  std::vector<ReasonCount> replied;  // answered by the balancer itself
  Traffic forwarded;                 // sent to a backend

  bool operator==(const Counters&) const = default;
};
SLUICE_DOCUMENT(Counters, passed, dropped, replied, forwarded)

// A backend the configuration names which gets no packets.
struct Unusable {
  std::string backend;
  std::string reason;

  bool operator==(const Unusable&) const = default;
};
SLUICE_DOCUMENT(Unusable, backend, reason)

// GET /v1/status
struct Status {
  std::string version;
  std::string instance;
  uint64_t generation = 0;  // the published state, counted up by one each time it changes
  std::string config_file;
  std::string config_loaded_at;  // RFC 3339, UTC
  std::string last_error;        // why the newest file was refused; empty if it is in force
  std::vector<Interface> interfaces;
  Counters counters;
  uint64_t services = 0;
  uint64_t members = 0;
  std::vector<Unusable> unusable;

  bool operator==(const Status&) const = default;
};
SLUICE_DOCUMENT(Status, version, instance, generation, config_file, config_loaded_at, last_error,
                interfaces, counters, services, members, unusable)

// A backend as a member of one service.
struct Backend {
  std::string name;
  std::string address;
  uint32_t weight = 0;
  double share_expected = 0;  // of the ring's slots, 0 to 1
  uint64_t packets = 0;
  uint64_t bytes = 0;
  std::string state;   // "up", or why it gets nothing: "no-neighbour", "no-route", "weight-0", ...
  std::string detail;  // for people; empty when there is nothing to add

  bool operator==(const Backend&) const = default;
};
SLUICE_DOCUMENT(Backend, name, address, weight, share_expected, packets, bytes, state, detail)

// GET /v1/services/NAME; GET /v1/services is an array of these in the order of the file.
struct Service {
  std::string name;
  std::vector<std::string> vips;
  std::vector<std::string> ports;  // "443/tcp", as the configuration writes them
  std::string hash;                // "5-tuple", "source" or "source+vip"
  std::string empty;               // "drop", "pass" or "reset": without a usable backend
  std::string pool;
  std::vector<Backend> backends;
  uint64_t packets = 0;
  uint64_t bytes = 0;

  bool operator==(const Service&) const = default;
};
SLUICE_DOCUMENT(Service, name, vips, ports, hash, empty, pool, backends, packets, bytes)

#undef SLUICE_DOCUMENT

// The T that `json` describes, or the Error that says what in it has the wrong type.
template <class T>
Result<T> from_document(const nlohmann::json& json) {
  try {
    return json.get<T>();
  } catch (const nlohmann::json::exception& e) {
    return Error{std::string("understand a document of the API: ") + e.what()};
  }
}

}  // namespace sluice::api
