// SPDX-License-Identifier: Apache-2.0
// sluicectl simulate as a process, on captures that the test writes byte by byte.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/packet_builder.h"
#include "support/temporary_folder.h"

namespace sluice::test {

inline const std::string kMac = "02:00:00:00:00:0b", kRouterMac = "02:00:00:00:00:0a",
                         kGatewayMac = "02:00:00:00:00:0c";
inline const std::string kClient = "198.51.100.7", kVip = "192.0.2.10", kVip6 = "2001:db8::10",
                         kLocal = "203.0.113.2", kBackend = "203.0.113.11";

// Service "shop" on both VIPs, TCP 80, with backend web/be1 by a fixed next hop.
inline constexpr const char* kConfig = R"(version: 1
interfaces:
  eth0: {next_hop: "02:00:00:00:00:0c"}
defaults: {seed: seed of the simulation, ring: 251}
pools:
  web:
    backends:
      be1: {address: 203.0.113.11}
services:
  shop:
    vip: [192.0.2.10, "2001:db8::10"]
    ports: 80/tcp
    pool: web
)";

// What kConfig needs to be told of its host.
inline const std::string kHost = " --mac " + kMac + " --local " + kLocal;

// The header of a capture file, all fields as they can differ.
struct CaptureFormat {
  bool nanoseconds = false;
  bool big_endian = false;
  uint32_t link_type = 1;  // Ethernet
};

struct Capture {
  struct Frame {
    Bytes bytes;
    uint32_t seconds = 1, fraction = 2;
    uint32_t length = 0;  // on the wire; 0: as many bytes as there are
    bool operator==(const Frame&) const = default;
  };
  CaptureFormat format = {};
  std::vector<Frame> frames;
};
Capture capture_of(const std::vector<Bytes>& frames);
Bytes file_of(const Capture& capture);
// Aborts the test on a file that is not a whole capture; lengths on the wire are always there.
Capture capture_in(const Bytes& file);

Bytes syn_to_vip(uint16_t source_port = 31337);
// What a backend is sent for a client's packet, by IPIP.
Bytes to_backend(const Bytes& frame, const std::string& gateway = kGatewayMac,
                 const std::string& source = kLocal, const std::string& from_mac = kMac);
Bytes icmp4(const Bytes& message, const std::string& to = kVip);
std::string hex(const Bytes& bytes);

struct Outcome {
  int status;
  std::string out, err;

  std::vector<nlohmann::json> lines() const;  // standard output as JSON, line by line
};

struct SimulateTest : ::testing::Test {
  TemporaryFolder folder;
  std::string prefix;  // of the command line, such as "setpriv ..."
  std::string input = "in.pcap", standard_input = "/dev/null";
  std::string hook = "xdp";  // empty: not said

  SimulateTest() { write("sluice.yaml", kConfig); }
  std::string write(const std::string& name, const std::string& text) const;
  std::string write(const std::string& name, const Bytes& bytes) const;
  Bytes read(const std::string& name) const;

  // `sluicectl simulate sluice.yaml --in <input> --hook <hook>` and `arguments`, as a shell would
  // take them.
  Outcome simulate(const std::string& arguments = "") const;
  Outcome simulate(const Capture& in, const std::string& arguments = "") const;
  Outcome simulate(const std::vector<Bytes>& in, const std::string& arguments = "") const {
    return simulate(capture_of(in), arguments);
  }
  // The same with -o json; fails the test unless there is a line for each frame.
  std::vector<nlohmann::json> lines(const std::vector<Bytes>& in,
                                    const std::string& arguments = kHost) const;
};

}  // namespace sluice::test
