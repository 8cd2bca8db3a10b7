// SPDX-License-Identifier: Apache-2.0
// The lab with a data plane of this process on the balancer, and the probes' device beside it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel/dataplane.h"
#include "kernel/probe_program.h"
#include "lab/product_test.h"
#include "model/config.h"
#include "network/probe_device.h"
#include "network/probe_paths.h"
#include "plan/plan.h"
#include "support/oracle.h"

namespace sluice::netns {

inline constexpr uint16_t kProbedPort = 7001;

// A filled data plane, attached to nothing.
struct Tables {
  std::unique_ptr<Dataplane> dataplane;
  Live live;
};

// A probe's connection, at both ends.
struct Connection {
  UniqueFd probe, accepted;
  std::string seen;  // the client's address, as the backend has it
};

class TunnelTest : public ProductTest {
 protected:
  // Of the configuration; "l2" wants Shape::kOneSegment.
  virtual ConfigOptions config_options() const = 0;
  virtual std::optional<TcKind> kind() const { return std::nullopt; }
  TopologyOptions topology_options() const override;
  // Everything runs when it returns.
  void SetUp() override;
  void TearDown() override;

  Result<Tables> make_tables();
  // Another data plane with the same members takes the place of the one that runs, whose table is
  // wiped out.
  Result<void> exchange_tables();
  // The number of the backend's member for packets to this VIP.
  uint32_t member(const std::string& vip, const BackendHost& backend) const;
  const sluice_member& row(const std::string& vip, const BackendHost& backend) const;
  test::Target target(const BackendHost& backend) const;
  const std::string& address(const BackendHost& backend) const {
    return config_options().ipv6_backends ? backend.v6 : backend.v4;
  }
  Result<ProbePath> path(const std::string& vip, const BackendHost& backend);
  // With everything that a probe's has, connected to nobody.
  Result<UniqueFd> probe_socket(int type, const std::string& vip, const BackendHost& backend);
  // From the backend's member. An Error says what the socket said, or that nobody answered.
  Result<Connection> connect(const std::string& vip, const BackendHost& backend,
                             milliseconds patience);
  // The socket that it was sent by.
  Result<UniqueFd> send_datagram(const std::string& vip, const BackendHost& backend,
                                 const std::string& bytes);
  // Without a tunnel, by the routes.
  Result<UniqueFd> connect_directly(const std::string& address, milliseconds patience);
  // How many bytes of `size`, sent at once, the backend's end has after `patience`.
  static Result<size_t> transfer(const Connection& connection, size_t size, milliseconds patience);
  // Takes the tunnel's end away from a backend.
  void stop_agent(const BackendHost& backend);
  // Of the probes' program.
  ProbeFates fates();

  Config config_;
  NextHops hops_;
  Tables tables_;
  UniqueFd xdp_;
  std::optional<ProbeDevice> device_;
  std::optional<ProbeProgram> program_;
  std::map<std::pair<std::string, std::string>, UniqueFd> listeners_;  // by backend and VIP
};

}  // namespace sluice::netns
