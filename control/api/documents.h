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
  std::string by;        // "link", "dispatcher" (libxdp's), "tcx" or "clsact"; empty likewise
  bool attached = false;
  std::string detail;  // why not attached, or why not in the way that was asked for

  bool operator==(const Interface&) const = default;
};
SLUICE_DOCUMENT(Interface, name, ifindex, mode, by, attached, detail)

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

// A table of flows.
struct FlowTable {
  std::string table;      // "new", "adopted" or "doorkeeper"
  uint64_t capacity = 0;  // entries it has room for
  uint64_t entries = 0;   // as the last round through the table found
  uint64_t removed = 0;   // by such rounds: flows that were over, or did not need remembering
  uint64_t evicted = 0;   // at least so many went for want of room

  bool operator==(const FlowTable&) const = default;
};
SLUICE_DOCUMENT(FlowTable, table, capacity, entries, removed, evicted)

// How often something happened to entries of the flow tables.
struct FlowEvent {
  std::string event;  // a stable word, "RECORDED"
  std::string text;   // the same as a sentence
  uint64_t count = 0;

  bool operator==(const FlowEvent&) const = default;
};
SLUICE_DOCUMENT(FlowEvent, event, text, count)

// The slots of rings by state.
struct SlotStates {
  uint64_t clean = 0;   // no flow has to be remembered
  uint64_t window = 0;  // changed a short while ago: old flows show themselves, new ones are noted
  uint64_t tail = 0;    // flows of other backends than the slot's are remembered yet

  bool operator==(const SlotStates&) const = default;
};
SLUICE_DOCUMENT(SlotStates, clean, window, tail)

// What is remembered of flows.
struct Flows {
  std::vector<FlowTable> tables;  // in the order a packet meets them; empty: nothing is remembered
  uint64_t half_open = 0;         // flows of the table "new" of which only SYNs have come
  uint64_t half_open_most = 0;    // beyond so many no new one is remembered
  std::vector<FlowEvent> events;  // every one, also those that never happened
  SlotStates slots;               // of all services

  bool operator==(const Flows&) const = default;
};
SLUICE_DOCUMENT(Flows, tables, half_open, half_open_most, events, slots)

// What an operator has said of a backend, beside the configuration.
struct Override {
  std::string of;      // "pool/backend", or an address: every backend that has it
  std::string what;    // "drain", "disable" or "ready"
  std::string since;   // RFC 3339, UTC
  std::string until;   // likewise; empty: until it is undone
  double ends_in = 0;  // seconds; 0: it does not end by itself
  std::string by;
  std::string reason;
  bool unknown = false;  // the configuration has no such backend

  bool operator==(const Override&) const = default;
};
SLUICE_DOCUMENT(Override, of, what, since, until, ends_in, by, reason, unknown)

struct PoolTrouble {
  std::string pool;
  std::string trouble;  // "panic" (its checks are not believed) or "below-minimum"
  std::string detail;   // for people

  bool operator==(const PoolTrouble&) const = default;
};
SLUICE_DOCUMENT(PoolTrouble, pool, trouble, detail)

// GET /v1/status
struct Status {
  std::string version;
  std::string instance;
  uint64_t generation = 0;  // the published state, counted up by one each time it changes
  std::string config_file;
  std::string config_loaded_at;  // RFC 3339, UTC
  std::string last_error;        // why the newest file was refused; empty if it is in force
  bool unconfirmed = false;      // it is undone in `confirm_in` seconds unless it is confirmed
  double confirm_in = 0;
  std::string config_trouble;  // why no configuration can be kept, or undone; empty: all is well
  std::vector<Interface> interfaces;
  Counters counters;
  uint64_t services = 0;
  uint64_t members = 0;
  std::vector<Unusable> unusable;
  Flows flows;
  std::vector<Override> overrides;
  std::string overrides_trouble;  // why some are lost, or would be by a restart; empty: all is well
  std::vector<PoolTrouble> pools_in_trouble;
  std::string checker_trouble;  // why no check is believed: "isolated: ..."; empty: they are

  bool operator==(const Status&) const = default;
};
SLUICE_DOCUMENT(Status, version, instance, generation, config_file, config_loaded_at, last_error,
                unconfirmed, confirm_in, config_trouble, interfaces, counters, services, members,
                unusable, flows, overrides, overrides_trouble, pools_in_trouble, checker_trouble)

// A backend as a member of one service.
struct Backend {
  std::string name;
  std::string address;
  uint32_t weight = 0;
  double share_expected = 0;  // of the ring's slots, 0 to 1
  uint64_t packets = 0;
  uint64_t bytes = 0;
  // "up", or why it gets no new flows: "weight-0", "leaving" (the file has it no more, and its
  // flows live on), "no-next-hop"; or that it does by what was known before, "stale-next-hop".
  std::string state;
  std::string detail;         // for people; empty when there is nothing to add
  std::string health;         // as `state` of a PoolBackend; empty: the daemon does not say
  std::string health_since;   // RFC 3339, UTC
  std::string health_output;  // of the last check; one line

  bool operator==(const Backend&) const = default;
};
SLUICE_DOCUMENT(Backend, name, address, weight, share_expected, packets, bytes, state, detail,
                health, health_since, health_output)

// The slots of one of a service's rings: that of UDP, or that of everything else.
struct RingSlots {
  std::string ring;  // "tcp" or "udp"
  SlotStates slots;
  double window_ends_in = 0;  // seconds until the first window is over; 0: there is none

  bool operator==(const RingSlots&) const = default;
};
SLUICE_DOCUMENT(RingSlots, ring, slots, window_ends_in)

// GET /v1/services/NAME; GET /v1/services is an array of these in the order of the file.
struct Service {
  std::string name;
  std::vector<std::string> vips;
  std::vector<std::string> ports;  // "443/tcp", as the configuration writes them
  std::string hash;                // "5-tuple", "source" or "source+vip"
  std::string empty;               // "drop", "pass" or "reset": without a usable backend
  std::string tracking;            // "adaptive", "always" or "never"
  std::string pool;
  std::vector<Backend> backends;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  std::vector<RingSlots> rings;  // that it uses; only in the answer to NAME

  bool operator==(const Service&) const = default;
};
SLUICE_DOCUMENT(Service, name, vips, ports, hash, empty, tracking, pool, backends, packets, bytes,
                rings)

// A flow that is remembered.
struct Flow {
  std::string protocol;  // "tcp", "udp", or a number
  std::string client;
  uint16_t client_port = 0;  // 0 where the protocol has none
  std::string vip;
  uint16_t vip_port = 0;
  std::string service;   // empty, like the next two: the flow's backend is gone
  std::string backend;   // "pool/backend"
  std::string address;   // the backend's
  bool leaving = false;  // the file has the backend no more
  std::string table;     // "new", "adopted" or "doorkeeper"
  std::string state;     // "half-open", "established", "fin" or "rst"
  double idle = 0;       // seconds without a packet

  bool operator==(const Flow&) const = default;
};
SLUICE_DOCUMENT(Flow, protocol, client, client_port, vip, vip_port, service, backend, address,
                leaving, table, state, idle)

// GET /v1/flows. Flows that come, go or move meanwhile may be missing, or twice.
struct FlowList {
  std::vector<Flow> flows;
  bool truncated = false;  // there may be more
  std::string next;        // ... and ?after= this goes on with them; empty where the limit cut

  bool operator==(const FlowList&) const = default;
};
SLUICE_DOCUMENT(FlowList, flows, truncated, next)

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
