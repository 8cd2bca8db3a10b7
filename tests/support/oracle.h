// SPDX-License-Identifier: Apache-2.0
// What must become of a frame: written from the RFCs and the rules of dataplane/README.md, not from
// the data plane's code. It knows no hash: of several backends it allows each, and names the flow,
// which must stay with one.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "abi/pass_reason.h"
#include "model/config.h"
#include "model/next_hop.h"
#include "support/datagram.h"

namespace sluice::test {

// A backend and the way to it.
struct Target {
  Backend backend;
  NextHop way;
  uint32_t mtu = 0;

  // Bytes of what goes in front of the client's IP packet, from the outer IP header on.
  size_t overhead() const;
  // The largest client packet that fits.
  size_t room() const { return mtu - overhead(); }
  // The outer source: an address, or a prefix with the flow's entropy in its free bits.
  IpPrefix source() const;
};

// Several fates are allowed where the RFCs leave the choice, or where it depends on the backend.
struct Expectation {
  bool pass = false;
  std::optional<sluice_pass_reason> pass_reason = {};  // else any
  bool drop = false;
  Reasons drop_reasons = {};          // one of these; empty: any
  std::vector<Target> backends = {};  // sent to one of these
  std::string flow = {};              // ... and all packets of a name to the same one
  bool echo = false;                  // answered
  std::set<size_t> told = {};         // answered: too big, and one of these is what fits
  bool reset = false;                 // answered

  bool only_sent() const {
    return !backends.empty() && !pass && !drop && !echo && told.empty() && !reset;
  }
};

class Oracle {
 public:
  // Takes the place of the configuration before. What fragments have said stays known.
  void configure(const Config& config, const NextHops& next_hops,
                 const std::vector<MacAddress>& macs);
  // Remembers first fragments: to be asked once for each frame, in their order.
  Expectation expect(const Bytes& frame);

 private:
  struct Flow {
    IpAddress client, vip;
    uint8_t protocol = 0;
    uint16_t client_port = 0, vip_port = 0;
    bool is_error = false;
    auto operator<=>(const Flow&) const = default;
  };
  struct FragmentKey {
    IpAddress source, destination;
    uint32_t id;
    uint8_t protocol;
    auto operator<=>(const FragmentKey&) const = default;
  };

  bool is_vip(const IpAddress& a) const;
  bool is_ours(const Link& link) const;
  bool is_our_source(const IpAddress& a) const;
  bool is_tunnel(uint8_t protocol, uint16_t port) const;
  bool is_loop(const Datagram& d, const Bytes& ip) const;
  bool is_nested(const Datagram& d, const Bytes& ip) const;
  Expectation expect_datagram(const Datagram& d, const Bytes& ip);
  Expectation expect_icmp(const Datagram& d, const Bytes& message);
  Expectation expect_error(const Datagram& d, const Bytes& quote);
  Expectation expect_fragment(const Datagram& d);
  Expectation expect_flow(const Datagram& d, const Flow& flow, bool remember);
  const Service* service_of(const Flow& flow, PortRange& ports) const;
  std::string name_of(const Flow& flow, const Service& service, const PortRange& ports) const;
  void choose(const Datagram& d, const Flow& flow, const std::vector<Target>& targets,
              Expectation& e) const;

  Config config_;
  std::vector<MacAddress> macs_;
  std::map<std::string, std::vector<Target>> targets_;  // by pool
  std::map<FragmentKey, Flow> fragments_;
};

}  // namespace sluice::test
