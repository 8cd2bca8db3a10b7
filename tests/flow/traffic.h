// SPDX-License-Identifier: Apache-2.0
// The clients' packets: a fixed set of flows, each with a frame for whatever may happen to it.
#pragma once

#include <arpa/inet.h>

#include <array>
#include <string>
#include <vector>

#include "abi/flow_hash.h"
#include "model/config.h"
#include "support/packet_builder.h"

namespace sluice::test {

enum class Sent { kSyn, kAck, kFin, kRst, kDatagram, kError };
inline constexpr size_t kSentKinds = 6;
const char* name_of(Sent sent);

// Two services: "web", with TCP and UDP ports for both families, and "rest", any protocol.
std::vector<Service> services(const std::string& pool);

struct Tuple {
  sluice_flow key;
  std::string service;
  bool udp_ring;  // the slots of UDP alone decide about it
  bool tcp;
  uint32_t hash;
  std::array<Bytes, kSentKinds> frames;
};

class Traffic {
 public:
  // Flows 0..kFlows are for clients, those behind are for floods (TCP).
  static constexpr uint32_t kFlows = 2048, kFlood = 256;
  static constexpr uint16_t kFirstPort = 1024;

  explicit Traffic(const sluice_hash_key& key);
  const Tuple& at(uint32_t flow) const { return tuples_[flow]; }
  const Tuple& find(const sluice_flow& key) const { return tuples_[port(key) - kFirstPort]; }
  // The client's, which no two flows have in common.
  static uint16_t port(const sluice_flow& key) { return ntohs(key.sport); }
  const Tuple& flood(uint32_t i) const { return tuples_[kFlows + i % kFlood]; }

 private:
  std::vector<Tuple> tuples_;
};

}  // namespace sluice::test
